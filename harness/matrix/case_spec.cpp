#include "matrix/case_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/json.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCaseBytes = 1 << 20;
constexpr int kCaseSchema = 1;

/// A file that a case names: beside it or below, never elsewhere.
std::optional<fs::path> inner_file(const fs::path& dir, const std::string& name) {
  const fs::path relative = fs::path(name).lexically_normal();
  if (name.empty() || relative.is_absolute() || *relative.begin() == "..") return std::nullopt;
  return dir / relative;
}

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
    const auto path = inner_file(dir, source ? *source : *file);
    if (!path) reader.fail(source ? "source" : "file", "must name a file beside the case");
    if (source) object = SourceObject{path.value_or("")};
    if (file) object = FileObject{path.value_or("")};
  }
  if ((source ? 1 : 0) + (file ? 1 : 0) + (deb ? 1 : 0) != 1) {
    reader.fail("source", "wanted exactly one of 'source', 'file' and 'deb'");
  }
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
  return object;
}

std::optional<WriteTrigger> read_trigger(ObjectReader& parent, const std::string& where) {
  const Json* json = parent.object("trigger");
  if (json == nullptr) return std::nullopt;
  ObjectReader reader(*json, where + ": trigger");
  WriteTrigger trigger;
  if (const Json* write = reader.required("write")) {
    ObjectReader inner(*write, where + ": trigger: write");
    trigger = WriteTrigger{inner.string("path"), inner.string("text")};
    if (const Result<> read = inner.finish(); !read) reader.adopt(read.error());
  }
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
  return trigger;
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

}  // namespace

Result<CaseSpec> read_case(const fs::path& case_json) {
  const std::string where = case_json.string();
  const Result<std::string> text = read_file(case_json, kMaxCaseBytes);
  if (!text) return text.error();
  const Result<Json> json = parse_json(*text, where);
  if (!json) return json.error();

  ObjectReader reader(*json, where);
  CaseSpec spec;
  const fs::path dir = case_json.parent_path();
  spec.id = dir.filename().string();
  spec.group = dir.parent_path().filename().string();
  if (reader.integer("schema") != kCaseSchema) reader.fail("schema", "only 1 is known");
  spec.shows = reader.string("shows");
  spec.object = read_object_spec(reader, dir, where);
  if (const auto names = reader.optional_strings("btf")) {
    const auto sources = parse_btf_sources(*names);
    if (!sources) reader.fail("btf", sources.error().message, sources.error().hint);
    if (sources) spec.btf = *sources;
  }
  if (const auto loaders = reader.optional_strings("loaders")) spec.loaders = *loaders;
  if (const auto names = reader.optional_strings("arch")) spec.archs = read_archs(reader, *names);
  spec.attach = reader.optional_boolean("attach").value_or(true);
  spec.privileges = read_privileges(reader);
  spec.cflags = reader.optional_strings("cflags").value_or(std::vector<std::string>{});
  spec.trigger = read_trigger(reader, where);
  spec.expect = read_expect(reader, where);
  if (!is_valid_id(spec.id))
    reader.fail("schema", fmt::format("the folder's name '{}' is no case id", spec.id));
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return spec;
}

Result<std::vector<CaseSpec>> read_suite(const fs::path& dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename() == "case.json") files.push_back(it->path());
  }
  if (error) return Error{fmt::format("cases in '{}': {}", dir.string(), error.message())};
  std::sort(files.begin(), files.end());

  std::vector<CaseSpec> suite;
  std::map<std::string, fs::path> seen;
  for (const fs::path& file : files) {
    Result<CaseSpec> spec = read_case(file);
    if (!spec) return std::move(spec).error();
    const auto [other, fresh] = seen.emplace(spec->id, file);
    if (!fresh) {
      return Error{fmt::format("'{}': case id '{}' is taken by '{}'", file.string(), spec->id,
                               other->second.string())};
    }
    suite.push_back(*std::move(spec));
  }
  return suite;
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
  spec.shows = fmt::format("the object '{}'", file.string());
  spec.object = FileObject{file};
  spec.expect = default_expectations();
  return spec;
}

std::string to_string(const ObjectSpec& object) {
  struct Words {
    std::string operator()(const SourceObject& o) const { return o.file.filename().string(); }
    std::string operator()(const FileObject& o) const { return o.file.string(); }
    std::string operator()(const DebObject& o) const { return o.package + ":" + o.path; }
  };
  return std::visit(Words{}, object);
}

}  // namespace bpfmatrix
