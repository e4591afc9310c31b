#include "repro/pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/data_dir.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "cell/run_cell.h"
#include "cell/transcript_fields.h"
#include "kernels/archive/tar_zst.h"
#include "kernels/kernel_record.h"
#include "outcome/cells.h"
#include "outcome/outcome_fields.h"
#include "run/objects/app_finder.h"
#include "run/objects/given_btf.h"
#include "run/objects/objects_here.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

/// Of a case that a project made.
constexpr const char* kProjectGroup = "project";

constexpr std::uint64_t kMaxFileBytes = 256 << 20;
constexpr std::size_t kMaxNamed = 10;

Error changed(const std::string& what) {
  return Error{fmt::format("{} has changed since the run", what),
               "run the cell again, then pack it"};
}

Result<Outcome> find_outcome(const PackRequest& request) {
  const auto outcomes = read_cells(request.run / "outcomes.jsonl");
  if (!outcomes) return Error{outcomes.error().message, "is this the directory of a run?"};
  std::vector<const Outcome*> found;
  for (const Outcome& outcome : *outcomes) {
    if (outcome.cell == request.cell) return outcome;
    if (glob_match(request.cell, outcome.cell)) found.push_back(&outcome);
  }
  if (found.size() == 1) return *found.front();
  std::string hint = found.empty() ? "'bpfmatrix explain RUN \"*\"' shows its cells" : "one of:";
  for (std::size_t i = 0; i < std::min(found.size(), kMaxNamed); ++i)
    hint += "\n  " + found[i]->cell;
  return Error{fmt::format("'{}': {} cells of '{}'", request.run.string(),
                           found.empty() ? "no" : fmt::format("{}", found.size()), request.cell),
               hint};
}

/// The folder of a case of the suite.
Result<fs::path> case_folder(const std::string& id) {
  const Result<fs::path> suite = find_data("cases");
  if (!suite) return suite.error();
  const auto files = case_files(*suite);
  if (!files) return files.error();
  for (const fs::path& file : *files) {
    if (file.parent_path().filename() == id) return file.parent_path();
  }
  return Error{fmt::format("case '{}': not in '{}' any more", id, suite->string())};
}

/// As a case.json that asks for the same, without conditions.
OrderedJson case_json_of(const CaseInput& asked) {
  OrderedJson json{{"schema", 2},
                   {"shows", "what a project set for this object"},
                   {"object", {{"file", "object.o"}}}};
  const LoadSettings load = asked.load.value_or(LoadSettings());
  OrderedJson attach = OrderedJson::object();
  for (const std::string& program : load.unattached) attach[program] = false;
  for (const auto& [program, to] : load.attach) {
    OrderedJson place = to_json_tree(to);
    attach[program] = place.empty() ? OrderedJson(true) : std::move(place);
  }
  json["attach"] = asked.attach && !attach.empty() ? std::move(attach) : OrderedJson(asked.attach);
  for (const std::string& program : load.left_out) json["autoload"][program] = false;
  for (const std::string& program : load.loaded) json["autoload"][program] = true;
  if (!load.maps.empty()) json["maps"] = to_json_tree(load.maps);
  if (!asked.globals.empty()) json["globals"] = to_json_tree(asked.globals);
  if (asked.modules) json["modules"] = *asked.modules;
  if (asked.sysctl) json["sysctl"] = *asked.sysctl;
  if (asked.privileges.memlock_bytes)
    json["privileges"]["memlock_bytes"] = *asked.privileges.memlock_bytes;
  if (asked.privileges.capabilities)
    json["privileges"]["capabilities"] = *asked.privileges.capabilities;
  if (!asked.privileges.lockdown.empty())
    json["privileges"]["lockdown"] = asked.privileges.lockdown;
  if (!asked.command.empty()) json["trigger"]["command"] = asked.command;
  if (!asked.write_path.empty())
    json["trigger"]["write"] = {{"path", asked.write_path}, {"text", asked.write_text}};
  return json;
}

class Packer {
 public:
  Packer(const PackRequest& request, KernelFinder& kernels, const RunSettings& settings)
      : request_(request), kernels_(kernels), settings_(settings) {}

  Result<Pack> run() {
    for (const auto step : {&Packer::take_record, &Packer::take_case, &Packer::take_object,
                            &Packer::take_loader, &Packer::take_btf, &Packer::take_kernel}) {
      if (Result<> taken = (this->*step)(); !taken) return std::move(taken).error();
    }
    return write();
  }

 private:
  const TranscriptInputs& inputs() const { return transcript_.inputs; }

  Result<> add(const std::string& path, std::string bytes) {
    if (!is_member_path(path)) {
      return Error{fmt::format("'{}': a pack has no place for a file of this name", path),
                   "letters, digits and . _ + - , @ = ~ are allowed"};
    }
    members_[path] = std::move(bytes);
    return {};
  }
  Result<> add_file(const std::string& path, const fs::path& file) {
    Result<std::string> bytes = read_file(file, kMaxFileBytes);
    if (!bytes) return std::move(bytes).error();
    return add(path, *std::move(bytes));
  }
  /// Regular files only: a link may lead anywhere.
  Result<> add_folder(std::string_view prefix, const fs::path& folder) {
    std::error_code error;
    fs::recursive_directory_iterator at(folder, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      const fs::file_status status = at->symlink_status(error);
      if (error || !fs::is_regular_file(status)) continue;
      const std::string below = at->path().lexically_relative(folder).generic_string();
      if (Result<> added = add(fmt::format("{}{}", prefix, below), ""); !added) return added;
      if (members_.size() > kMaxPackMembers) {
        return file_error(folder, Error{fmt::format("more than {} files", kMaxPackMembers)});
      }
      const Result<> added = add_file(fmt::format("{}{}", prefix, below), at->path());
      if (!added) return added;
    }
    return error ? Result<>(file_error(folder, error)) : Result<>();
  }

  Result<> take_record() {
    Result<Outcome> outcome = find_outcome(request_);
    if (!outcome) return std::move(outcome).error();
    outcome_ = *std::move(outcome);
    const fs::path file = transcript_path(request_.run, outcome_.cell);
    Result<Transcript> transcript = read_transcript(request_.run, outcome_.cell);
    if (!transcript) return std::move(transcript).error();
    transcript_ = *std::move(transcript);
    if (transcript_.attempts.empty() && transcript_.object_problem.empty()) {
      return Error{fmt::format("'{}' was not run: {}", outcome_.cell, transcript_.unavailable)};
    }
    Result<RunSpec> spec = read_run_spec(request_.run);
    if (!spec) return std::move(spec).error();
    asked_ = *std::move(spec);
    Result<> added = add_file(std::string(kTranscriptMember), file);
    if (added) added = add(std::string(kOutcomeMember), to_line(outcome_) + "\n");
    return added ? add_facts() : added;
  }

  /// That they are gone is no reason not to run the cell again.
  Result<> add_facts() {
    if (outcome_.kernel.facts.empty()) return {};
    const auto file = kernel_facts_path(request_.run, outcome_.kernel.facts);
    std::error_code ignored;
    if (!fs::exists(file, ignored)) return {};
    return add_file(std::string(kFactsMember), file);
  }

  Result<> take_case() {
    manifest_.bpfmatrix = request_.bpfmatrix;
    manifest_.cell = outcome_.cell;
    manifest_.case_id = outcome_.case_id;
    manifest_.object = inputs().object.path;
    manifest_.loader = outcome_.loader;
    const auto btf = parse_word<BtfSource>(outcome_.btf_source);
    const auto arch = parse_arch(inputs().kernel.arch);
    if (!btf || !arch) return Error{fmt::format("'{}': not a cell", outcome_.cell)};
    manifest_.btf = *btf;
    manifest_.kernel.arch = *arch;
    if (inputs().spec.together) {
      return Error{fmt::format("'{}': objects that share the kernel with it do not fit into a pack",
                               outcome_.cell)};
    }
    if (Result<> found = find_spec(); !found) return found;
    manifest_.group = spec_.group;
    const OutcomeKernel& kernel = inputs().kernel;
    manifest_.kernel.id = kernel.id;
    return asks_for(spec_, inputs().spec) ? Result<>()
                                          : changed(fmt::format("case '{}'", outcome_.case_id));
  }

  Result<> find_spec() {
    const Result<std::vector<CaseSpec>> own = own_cases(asked_);
    if (!own) return own.error();
    for (const CaseSpec& spec : *own) {
      spec_ = spec;
      if (spec_.id == outcome_.case_id) return take_own_case();
    }
    if (!own->empty()) {
      return Error{fmt::format("'{}': none of the run's objects", outcome_.case_id)};
    }
    const Result<fs::path> folder = case_folder(outcome_.case_id);
    if (!folder) return folder.error();
    Result<CaseSpec> spec = read_case(*folder / "case.json");
    if (!spec) return std::move(spec).error();
    spec_ = *std::move(spec);
    return add_folder(kCaseMembers, *folder);
  }

  /// What a project set for it goes along as a case of its own, as it was decided on this kernel.
  Result<> take_own_case() {
    const CaseInput& asked = inputs().spec;
    const CaseInput plain{.id = asked.id, .modules = asked.modules};
    if (same_request(asked, plain)) return {};
    if (asked.files || !asked.command_sha256.empty()) {
      return Error{
          fmt::format("'{}': files that a project puts into the guest do not fit into a "
                      "pack",
                      outcome_.case_id)};
    }
    spec_.group = kProjectGroup;
    return add(std::string(kCaseJsonMember), json_text(case_json_of(asked), 2) + "\n");
  }

  Result<> take_object() {
    const auto object = ObjectsHere(settings_, kernels_).find(spec_, manifest_.kernel.arch);
    if (!object) return Error{fmt::format("case '{}': its object is not here", spec_.id)};
    if (!*object) return object->error();
    const fs::path& file = (*object)->file;
    if (Result<> added = add_file(std::string(kObjectMember), file); !added) return added;
    const std::string& recorded = inputs().object.sha256;
    const bool same =
        recorded.empty() || recorded == sha256_hex(members_[std::string(kObjectMember)]);
    return same ? Result<>() : changed(fmt::format("the object '{}'", inputs().object.path));
  }

  Plan plan() const { return Plan{{manifest_.as_cell()}}; }

  Result<> take_loader() {
    if (!inputs().app) return {};
    std::vector<LoaderApp> apps;
    for (const LoaderApp& app : asked_.matrix.apps) {
      if (app.name == manifest_.loader) apps.push_back(app);
    }
    const Result<AppFiles> files = find_apps(apps, plan(), settings_.fetch);
    if (!files) return files.error();
    const auto file = files->find({manifest_.loader, manifest_.kernel.arch});
    if (file == files->end() || file->second.sha256 != inputs().app->sha256) {
      return changed(fmt::format("the application '{}'", inputs().app->app.path));
    }
    if (inputs().app->needs) {
      return Error{fmt::format("the application '{}' needs files of this machine ({}, ...): a pack "
                               "holds what is static only",
                               inputs().app->app.path, inputs().app->needs->front().guest_path),
                   "link it statically"};
    }
    manifest_.app = inputs().app->app;
    return add_file(std::string(kAppMember), file->second.file);
  }

  Result<> take_btf() {
    const auto& embedded = inputs().embedded;
    if (!embedded || embedded->origin != EmbeddedOrigin::file) return {};
    std::vector<BtfFile> files;
    for (const BtfFile& file : asked_.matrix.btf_files) {
      const bool is_for = glob_match(file.kernels, manifest_.kernel.id) &&
                          glob_match(file.cases.value_or("*"), spec_.id);
      if (is_for) files.push_back(file);
    }
    const Result<GivenBtf> given =
        find_given_btf(files, {{spec_.id, spec_}}, plan(), settings_.fetch.store);
    if (!given) return given.error();
    const auto btf = given->find({manifest_.kernel.id, spec_.id});
    if (btf == given->end() || btf->second.sha256 != embedded->sha256) {
      return changed("the embedded BTF");
    }
    return add_file(std::string(kBtfMember), btf->second.file);
  }

  Result<> take_kernel() {
    const OutcomeKernel& recorded = inputs().kernel;
    PackKernel& kernel = manifest_.kernel;
    kernel.release = recorded.release;
    kernel.image_sha256 = inputs().image_sha256;
    kernel.kind = recorded.origin_kind;
    kernel.package = recorded.package;
    kernel.version = recorded.version;
    kernel.sha256 = recorded.sha256;
    kernel.signed_by = recorded.signed_by;
    const bool nowhere_else = recorded.origin_kind == "local";
    kernel.get = nowhere_else                       ? "it is in this pack"
                 : recorded.origin_kind == "source" ? "bpfmatrix kernels build " + recorded.id
                                                    : "bpfmatrix kernels fetch " + recorded.id;
    if (!nowhere_else && request_.kernel != PackedKernel::always) return {};
    return add_kernel();
  }

  Result<Kernel> find_kernel() {
    for (const std::string& kernel : asked_.matrix.kernels) {
      // That it is gone is said below, if it is the one.
      if (kernel.find('/') != std::string::npos) (void)kernels_.add_local(kernel);
    }
    Result<Kernel> kernel = kernels_.find_here(manifest_.kernel.id);
    if (!kernel || kernel->image_sha256 == manifest_.kernel.image_sha256) return kernel;
    return changed(fmt::format("kernel '{}'", kernel->id));
  }

  Result<> add_kernel() {
    const Result<Kernel> found = find_kernel();
    if (!found) return found.error();
    const fs::path tree = "/kernel";  // only a name, to which the record's paths are relative
    Kernel kernel = *found;
    kernel.given_btf.reset();
    Result<> added = add_part("vmlinuz", tree, kernel.image);
    if (added && kernel.config) added = add_part("config", tree, *kernel.config);
    if (added && kernel.system_map) added = add_part("System.map", tree, *kernel.system_map);
    if (added && kernel.btf) added = add_part("vmlinux.btf", tree, kernel.btf->file);
    if (added && kernel.detached_btf)
      added = add_part("detached.btf", tree, kernel.detached_btf->file);
    if (added && kernel.modules) {
      added = add_folder(fmt::format("{}modules/", kKernelMembers), *kernel.modules);
      kernel.modules = tree / "modules";
    }
    return added ? add(std::string(kKernelRecordMember), kernel_record_text(kernel, tree)) : added;
  }

  Result<> add_part(const std::string& name, const fs::path& tree, fs::path& file) {
    Result<> added = add_file(fmt::format("{}{}", kKernelMembers, name), file);
    file = tree / name;
    return added;
  }

  /// A cell that needed no guest was given none of them.
  void take_options() {
    PackOptions& options = manifest_.options;
    if (asked_.options) {
      options.accel = asked_.options->accel;
      options.boot_timeout_s = asked_.options->boot_timeout_s;
    }
    if (inputs().timeout_s > 0) options.cell_timeout_s = inputs().timeout_s;
    if (!inputs().isolation.empty()) options.isolation = inputs().isolation;
  }

  Result<Pack> write() {
    take_options();
    for (const auto& [path, bytes] : members_)
      manifest_.members.push_back({path, bytes.size(), sha256_hex(bytes)});
    const std::string text = to_text(manifest_);
    // What we would not read we do not write.
    Result<Manifest> manifest = read_manifest(text, std::string(kManifestMember));
    if (!manifest) return std::move(manifest).error();
    TarZst tar;
    Result<> added = tar.add(std::string(kManifestMember), text);
    for (const auto& [path, bytes] : members_) {
      if (added) added = tar.add(path, bytes);
    }
    if (!added) return std::move(added).error();
    Result<std::string> whole = tar.finish();
    if (!whole) return std::move(whole).error();
    return Pack{*std::move(manifest), *std::move(whole)};
  }

  const PackRequest& request_;
  KernelFinder& kernels_;
  const RunSettings& settings_;
  Manifest manifest_{};
  Outcome outcome_{};
  Transcript transcript_{};
  RunSpec asked_{};
  CaseSpec spec_{};
  std::map<std::string, std::string> members_{};
};

}  // namespace

Result<Pack> make_pack(const PackRequest& request, KernelFinder& kernels,
                       const RunSettings& settings) {
  return Packer(request, kernels, settings).run();
}

}  // namespace bpfmatrix
