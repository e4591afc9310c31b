#include "matrix/case_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/printable.h"
#include "matrix/compiler_flags.h"
#include "matrix/inner_path.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCaseBytes = 1 << 20;
constexpr int kCaseSchema = 2;
constexpr std::size_t kMaxTogether = 16;
/// Emptied by the guest after each cell.
constexpr std::string_view kCommandDirectory = "/run/bpfmatrix/cell";

ObjectSpec read_object_spec(ObjectReader& parent, const fs::path& dir, const std::string& where) {
  const Json* json = parent.required("object");
  if (json == nullptr) return SourceObject{};
  ObjectReader reader(*json, where + ": object");
  const auto source = reader.optional_string("source");
  const auto file = reader.optional_string("file");
  const auto deb = reader.optional_string("deb");
  ObjectSpec object;
  if (deb) {
    object = DebObject{*deb, reader.string("suite"), reader.string("path")};
  } else if (source || file) {
    const auto path = inner_path(dir, source ? *source : *file);
    if (!path) reader.fail(source ? "source" : "file", "must name a file beside the case");
    if (source) object = SourceObject{path.value_or(""), dir};
    if (file) object = FileObject{path.value_or("")};
  }
  if ((source ? 1 : 0) + (file ? 1 : 0) + (deb ? 1 : 0) != 1) {
    reader.fail("source", "wanted exactly one of 'source', 'file' and 'deb'");
  }
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
  return object;
}

constexpr std::string_view kBeside = "./";

/// The first word names a program of the guest ("/init"), or with "./" a file of the case's.
void read_command(ObjectReader& reader, const fs::path& dir, TriggerSpec& trigger) {
  trigger.command = reader.optional_strings("command").value_or(std::vector<std::string>{});
  if (trigger.command.empty()) return;
  std::string& program = trigger.command[0];
  if (program.starts_with(kBeside)) {
    const auto file = inner_path(dir, program.substr(kBeside.size()));
    if (!file) return reader.fail("command", "must name a file beside the case");
    trigger.command_file = *file;
    program = fmt::format("{}/{}", kCommandDirectory, file->filename().string());
  } else if (!program.starts_with('/')) {
    reader.fail("command", "wanted a program of the guest (/...) or a file of the case (./...)");
  }
}

std::optional<TriggerSpec> read_trigger(ObjectReader& parent, const fs::path& dir,
                                        const std::string& where) {
  const Json* json = parent.object("trigger");
  if (json == nullptr) return std::nullopt;
  ObjectReader reader(*json, where + ": trigger");
  TriggerSpec trigger;
  if (const Json* write = reader.object("write")) {
    ObjectReader inner(*write, where + ": trigger: write");
    trigger.write = WriteTrigger{inner.string("path"), inner.string("text")};
    if (const Result<> read = inner.finish(); !read) reader.adopt(read.error());
  }
  read_command(reader, dir, trigger);
  if (!trigger.write && trigger.command.empty())
    reader.fail("write", "wanted 'write' or 'command'");
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
  return trigger;
}

/// The folders of -I are named from the case's folder, and clang runs in the source's.
std::vector<std::string> read_cflags(ObjectReader& reader, const fs::path& dir,
                                     const ObjectSpec& object) {
  const auto words = reader.optional_strings("cflags");
  if (!words) return {};
  const auto* source = std::get_if<SourceObject>(&object);
  const fs::path source_dir = source != nullptr ? source->file.parent_path() : dir;
  Result<std::vector<std::string>> flags = compiler_flags(*words, dir, source_dir);
  if (!flags) reader.fail("cflags", flags.error().message, flags.error().hint);
  return flags ? *std::move(flags) : std::vector<std::string>{};
}

NamedValues read_truth(ObjectReader& reader) {
  constexpr std::string_view kKey = "truth";
  NamedValues values;
  const Json* json = reader.object(kKey);
  if (json == nullptr) return values;
  for (const auto& [name, value] : json->items()) {
    if (value.is_number_integer()) {
      values[name] = value.get<std::int64_t>();
    } else if (value.is_string()) {
      values[name] = value.get<std::string>();
    } else {
      reader.fail(kKey, "wanted integers and texts");
    }
  }
  return values;
}

std::vector<ExpectationRule> read_expect(ObjectReader& reader, const std::string& where) {
  const Json* json = reader.any("expect");
  if (json == nullptr) return {};
  Result<std::vector<ExpectationRule>> rules = read_expectations(*json, where + ": expect");
  if (!rules) reader.adopt(rules.error());
  return rules ? *std::move(rules) : std::vector<ExpectationRule>{};
}

std::vector<Arch> read_archs(ObjectReader& reader, const std::vector<std::string>& names) {
  std::vector<Arch> archs;
  for (const std::string& name : names) {
    const auto arch = parse_arch(name);
    if (!arch)
      reader.fail("arch", fmt::format("unknown architecture '{}'", name), "known: x86_64, aarch64");
    archs.push_back(arch.value_or(Arch::x86_64));
  }
  return archs;
}

Result<Json> read_json(const fs::path& case_json) {
  const Result<std::string> text = read_file(case_json, kMaxCaseBytes);
  if (!text) return text.error();
  return parse_json(*text, case_json.string());
}

/// "PATH" or "PATH:GUESTPATH", beside the case.
std::vector<GuestFile> read_files(ObjectReader& reader, const fs::path& dir) {
  std::vector<GuestFile> files;
  for (const std::string& text :
       reader.optional_strings("files").value_or(std::vector<std::string>{})) {
    Result<GuestFile> file = parse_guest_file(text);
    const auto path = file ? inner_path(dir, file->path) : std::nullopt;
    if (!file) reader.fail("files", file.error().message, file.error().hint);
    if (file && !path) reader.fail("files", "must name files beside the case");
    if (!path) continue;
    file->path = path->string();
    files.push_back(*std::move(file));
  }
  return files;
}

/// Beside the case.
std::vector<fs::path> read_together(ObjectReader& reader, const fs::path& dir) {
  constexpr std::string_view kKey = "together";
  std::vector<fs::path> objects;
  for (const std::string& text :
       reader.optional_strings(kKey).value_or(std::vector<std::string>{})) {
    const auto path = inner_path(dir, text);
    if (!path) reader.fail(kKey, "must name objects beside the case");
    if (path) objects.push_back(*path);
  }
  if (objects.size() > kMaxTogether)
    reader.fail(kKey, fmt::format("more than {} objects", kMaxTogether));
  return objects;
}

/// Glob over kernels -> a file, which is only read where a kernel of the run has that name.
std::vector<BtfFile> read_btf_files(ObjectReader& reader, const fs::path& dir) {
  std::vector<BtfFile> files;
  const Json* named = reader.object("btf_files");
  if (named == nullptr) return files;
  for (const auto& [kernels, path] : named->items()) {
    if (!path.is_string()) {
      reader.fail("btf_files", "wanted a file for each glob of kernels");
      continue;
    }
    std::error_code seen_by_open;
    const fs::path file = fs::absolute(dir / path.get<std::string>(), seen_by_open);
    files.push_back({kernels, file.lexically_normal().string(), {}});
  }
  return files;
}

/// All of a case but its object and what it is called. What is not said stays as it is.
void read_settings(ObjectReader& reader, const fs::path& dir, const std::string& where,
                   CaseSpec& spec) {
  if (const auto names = reader.optional_strings("btf")) {
    const auto sources = parse_btf_sources(*names);
    if (!sources) reader.fail("btf", sources.error().message, sources.error().hint);
    if (sources) spec.btf = *sources;
  }
  spec.btf_files = read_btf_files(reader, dir);
  if (!spec.btf_files.empty() && reader.any("btf") == nullptr) spec.btf = {BtfSource::embedded};
  if (const auto loaders = reader.optional_strings("loaders")) spec.loaders = *loaders;
  if (const auto names = reader.optional_strings("arch")) spec.archs = read_archs(reader, *names);
  const Json* attach = reader.any("attach");
  const bool attaches_by_name = attach != nullptr && attach->is_object();
  if (!attaches_by_name) spec.attach = reader.optional_boolean("attach").value_or(true);
  spec.privileges = read_privileges(reader);
  spec.cflags = read_cflags(reader, dir, spec.object);
  spec.strip = reader.optional_strings("strip").value_or(std::vector<std::string>{});
  spec.user = read_user_space(reader);
  spec.user.files = read_files(reader, dir);
  spec.together = read_together(reader, dir);
  spec.trigger = read_trigger(reader, dir, where);
  spec.truth = read_truth(reader);
  if (reader.any("expect") != nullptr) spec.expect = read_expect(reader, where);
}

Result<CaseSpec> read_spec(const Json& json, const fs::path& case_json) {
  const std::string where = case_json.string();
  ObjectReader reader(json, where);
  CaseSpec spec;
  const fs::path dir = case_json.parent_path();
  spec.id = dir.filename().string();
  spec.group = dir.parent_path().filename().string();
  if (reader.integer("schema") != kCaseSchema) reader.fail("schema", "only 2 is known");
  spec.shows = reader.string("shows");
  spec.object = read_object_spec(reader, dir, where);
  read_settings(reader, dir, where, spec);
  if (!is_valid_id(spec.id))
    reader.fail("schema", fmt::format("the folder's name '{}' is not a case id", spec.id));
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return spec;
}

}  // namespace

Expectations expectations_of(const CaseSpec& spec) { return {spec.expect, spec.user.one_of}; }

Result<CaseSpec> read_case(const fs::path& case_json) {
  const Result<Json> json = read_json(case_json);
  if (!json) return json.error();
  return read_spec(*json, case_json);
}

std::vector<Error> case_errors(const fs::path& case_json) {
  Result<Json> json = read_json(case_json);
  if (!json) return {json.error()};
  std::vector<Error> of_rules;
  if (json->is_object() && json->contains("expect") && !(*json)["expect"].is_null()) {
    of_rules = expectation_errors((*json)["expect"], case_json.string() + ": expect");
    json->erase("expect");
  }
  std::vector<Error> errors;
  if (Result<CaseSpec> rest = read_spec(*json, case_json); !rest)
    errors.push_back(std::move(rest).error());
  errors.insert(errors.end(), of_rules.begin(), of_rules.end());
  return errors;
}

Result<std::vector<fs::path>> case_files(const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename() == "case.json") files.push_back(it->path());
  }
  if (error) return Error{fmt::format("cases in '{}': {}", dir.string(), error.message())};
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::vector<CaseSpec>> read_suite(const fs::path& dir) {
  const Result<std::vector<fs::path>> files = case_files(dir);
  if (!files) return files.error();
  std::vector<CaseSpec> suite;
  std::map<std::string, fs::path> seen;
  for (const fs::path& file : *files) {
    Result<CaseSpec> spec = read_case(file);
    if (!spec) return std::move(spec).error();
    const auto [other, fresh] = seen.emplace(spec->id, file);
    if (!fresh) {
      return Error{fmt::format("'{}': case id '{}' is already used by '{}'", file.string(),
                               spec->id, other->second.string())};
    }
    suite.push_back(*std::move(spec));
  }
  return suite;
}

Result<> apply_settings(const Json& settings, const fs::path& folder, const std::string& where,
                        CaseSpec& spec) {
  ObjectReader reader(settings, where);
  if (auto shows = reader.optional_string("shows")) spec.shows = *std::move(shows);
  read_settings(reader, folder, where, spec);
  return reader.finish();
}

CaseSpec case_for_object(const fs::path& file) {
  CaseSpec spec;
  for (const char c : file.stem().string().substr(0, 100)) {
    const bool first = spec.id.empty();
    const bool plain = is_valid_id(std::string(first ? "" : "x") + c);
    spec.id += plain ? c : '_';
  }
  if (spec.id.empty()) spec.id = "object";
  spec.group = "object";
  spec.shows = fmt::format("the object '{}'", valid_text(file.string()));
  spec.object = FileObject{file};
  if (file.extension() == ".c") spec.object = SourceObject{file, file.parent_path()};
  spec.expect = default_expectations();
  return spec;
}

CaseSpec case_for_app(const LoaderApp& app) {
  CaseSpec spec;
  spec.id = app.name;
  spec.group = "app";
  spec.shows = fmt::format("the application '{}'", valid_text(app.path));
  spec.object = BroughtObject{app.path, app.own_object ? app.own_object->root : std::nullopt};
  spec.loaders = {app.name};
  spec.expect = app_expectations();
  return spec;
}

std::string to_string(const ObjectSpec& object) {
  struct Words {
    std::string operator()(const SourceObject& o) const { return o.file.filename().string(); }
    std::string operator()(const FileObject& o) const {
      return o.shown.empty() ? o.file.string() : o.shown;
    }
    std::string operator()(const DebObject& o) const { return o.package + ":" + o.path; }
    std::string operator()(const BroughtObject& o) const { return "in " + o.app_path; }
  };
  return valid_text(std::visit(Words{}, object));
}

}  // namespace bpfmatrix
