// Any bytes as a case.json and as a matrix file of a stranger: what is taken stays in its folder,
// and its rules are read as they are written.
#include <numeric>

#include "base/file.h"
#include "base/temp_dir.h"
#include "base/testing/fuzz_target.h"
#include "matrix/case_spec.h"
#include "matrix/expectation_text.h"
#include "matrix/inner_path.h"
#include "matrix/matrix_spec.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

/// group/case/case.json, written anew each time.
fs::path case_file(std::string_view text) {
  static const Result<TempDir> folder = TempDir::create();
  const fs::path file = folder->path() / "group/case/case.json";
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  const Result<> written = write_file(file, text, Durability::unsynced);
  require(written.has_value(), "the case can be written");
  return file;
}

std::vector<std::string> texts_of(const CaseSpec& spec) {
  std::vector<std::string> texts;
  for (const ExpectationRule& rule : spec.expect) texts.push_back(rule_text(rule));
  return texts;
}

void require_inside(const CaseSpec& spec, const fs::path& folder) {
  const auto inside = [&folder](const fs::path& file) {
    return file.empty() || is_below(file, folder);
  };
  const auto* source = std::get_if<SourceObject>(&spec.object);
  const auto* file = std::get_if<FileObject>(&spec.object);
  require((source == nullptr || inside(source->file)) && (file == nullptr || inside(file->file)) &&
              (!spec.trigger || inside(spec.trigger->command_file)),
          "the files of a case are in its folder");
}

/// Its rules written by us, and kept as they are.
void try_rules(const CaseSpec& spec, std::string_view text) {
  std::vector<RuleSource> written(spec.expect.begin(), spec.expect.end());
  std::vector<RuleSource> kept;
  for (std::size_t i = 0; i < spec.expect.size(); ++i) kept.emplace_back(i);
  for (const auto& rules : {written, kept}) {
    const Result<CaseSpec> again = read_case(case_file(with_expectations(text, rules)));
    require(again && texts_of(*again) == texts_of(spec), "rules are read as they were written");
  }
}

void try_case(std::string_view bytes) {
  const fs::path file = case_file(bytes);
  const Result<CaseSpec> spec = read_case(file);
  require(case_errors(file).empty() == spec.has_value(), "what is taken has no errors");
  if (!spec) return require(!spec.error().message.empty(), "a refusal says why");
  require_inside(*spec, file.parent_path());
  try_rules(*spec, bytes);
}

void try_files(std::string_view bytes) {
  try_case(bytes);
  const FuzzFile file(bytes);
  (void)read_matrix(file.path());
}

const FuzzTarget target("case", try_files);

}  // namespace
}  // namespace bpfmatrix
