#include "cli/check_cases.h"

#include <fmt/format.h>

#include <map>

#include "analysis/expect/case_check.h"
#include "base/data_dir.h"
#include "base/file.h"
#include "cli/exit_code.h"
#include "cli/talk.h"
#include "elf/elf_file.h"
#include "elf/observed_fields.h"
#include "run/objects/objects_here.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

/// The store and the headers, and no mirror: nothing is fetched here.
Result<RunSettings> settings_for(const fs::path& dir) {
  RunSettings settings;
  settings.case_headers = dir / "include";
  std::error_code ignored;
  if (fs::is_directory(settings.case_headers, ignored)) {
    if (!is_below(settings.case_headers, dir)) {
      return Error{
          fmt::format("'{}': leads out of '{}'", settings.case_headers.string(), dir.string())};
    }
  } else {
    Result<fs::path> headers = find_data("cases/include");
    if (!headers) return std::move(headers).error();
    settings.case_headers = *std::move(headers);
  }
  Result<Store> store = Store::open("");
  if (!store) return std::move(store).error();
  settings.fetch.store = *std::move(store);
  return settings;
}

class CasesCheck {
 public:
  CasesCheck(const Features& features, const ObjectsHere& objects)
      : features_(features), objects_(objects) {}

  void check(const fs::path& file) {
    const int before = problems_;
    ++cases_;
    const std::vector<Error> errors = case_errors(file);
    // An error names the file itself, and its place in it.
    for (const Error& error : errors) report(error.message, error.hint);
    if (errors.empty()) check_spec(file, *read_case(file));
    bad_cases_ += problems_ > before ? 1 : 0;
  }

  int finish() const {
    if (not_here_ > 0)
      say(
          fmt::format("{} objects are not on this machine, so their programs were not checked "
                      "('bpfmatrix run' fetches them, for example that of '{}')",
                      not_here_, not_here_example_));
    if (problems_ == 0) print("{} cases, nothing wrong\n", cases_);
    if (problems_ > 0)
      print("{} cases, {} problems in {} of them\n", cases_, problems_, bad_cases_);
    return problems_ == 0 ? as_expected : unexpected;
  }

 private:
  void report(std::string_view problem, std::string_view what_to_do) {
    ++problems_;
    print_message(problem);
    if (!what_to_do.empty()) print_message(fmt::format("  {}", what_to_do));
  }

  void check_spec(const fs::path& file, const CaseSpec& spec) {
    const auto [other, fresh] = seen_.emplace(spec.id, file);
    if (!fresh) {
      report(fmt::format("'{}': case id '{}' is already used by '{}'", file.string(), spec.id,
                         other->second.string()),
             "give the folder another name");
    }
    const ContentsByArch contents = contents_of(file, spec);
    for (const CaseProblem& one : check_case(spec, features_, contents)) {
      const std::string place = one.rule ? fmt::format(": expect[{}]", *one.rule) : "";
      report(fmt::format("'{}{}': {}", file.string(), place, one.problem), one.what_to_do);
    }
  }

  ContentsByArch contents_of(const fs::path& file, const CaseSpec& spec) {
    ContentsByArch all;
    for (const Arch arch : spec.archs) {
      const std::optional<Result<ObjectFile>> object = objects_.find(spec, arch);
      if (!object) {
        if (not_here_++ == 0) not_here_example_ = spec.id;
      } else if (!*object) {
        report(fmt::format("'{}': {}: {}", file.string(), to_string(arch), object->error().message),
               object->error().hint);
      } else if (!(*object)->problem) {
        all[arch] = contents_of(**object);
      }
    }
    return all;
  }

  static ObjectContents contents_of(const ObjectFile& object) {
    ObjectContents contents;
    for (const ObjectProgram& program : object.info.programs)
      contents.programs.push_back(program.name);
    if (Result<std::string> bytes = read_file(object.file, kMaxObjectBytes))
      contents.observed = observed_fields(*std::move(bytes));
    return contents;
  }

  const Features& features_;
  const ObjectsHere& objects_;
  std::map<std::string, fs::path> seen_{};
  int cases_ = 0;
  int problems_ = 0;
  int bad_cases_ = 0;
  int not_here_ = 0;
  std::string not_here_example_{};
};

}  // namespace

Result<int> check_cases(const fs::path& dir) {
  const Result<std::vector<fs::path>> files = case_files(dir);
  if (!files) return files.error();
  const Result<fs::path> features_file = find_data("kernels/features.json");
  if (!features_file) return features_file.error();
  const Result<Features> features = load_features(*features_file);
  if (!features) return features.error();
  const Result<fs::path> catalog_file = find_data("kernels/catalog.json");
  if (!catalog_file) return catalog_file.error();
  Result<Catalog> catalog = load_catalog(*catalog_file);
  if (!catalog) return std::move(catalog).error();
  const Result<RunSettings> settings = settings_for(dir);
  if (!settings) return settings.error();

  const KernelFinder kernels(*std::move(catalog), *settings);
  const ObjectsHere objects(*settings, kernels);
  CasesCheck check(*features, objects);
  for (const fs::path& file : *files) check.check(file);
  return check.finish();
}

}  // namespace bpfmatrix
