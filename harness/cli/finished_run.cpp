#include "cli/finished_run.h"

#include <filesystem>

#include "base/data_dir.h"
#include "cli/conclusion.h"
#include "matrix/case_spec.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

/// What the run was asked to do; nothing where only its outcomes were kept.
Result<RunSpec> asked_of(const std::string& run) {
  std::error_code ignored;
  return fs::exists(fs::path(run) / "run.json", ignored) ? read_run_spec(run) : RunSpec();
}

}  // namespace

Result<FinishedRun> read_finished_run(const std::string& dir, const std::string& cases) {
  FinishedRun run{.dir = dir, .cells = cells_of_run(dir)};
  Result<RunSpec> asked = asked_of(dir);
  if (!asked) return std::move(asked).error();
  run.planned = std::move(asked->cells);
  const Result<fs::path> folder = cases.empty() ? find_data("cases") : fs::path(cases);
  if (!folder) return folder.error();
  const auto suite = read_suite(*folder);
  if (!suite) return suite.error();
  for (const CaseSpec& spec : *suite) run.rules.emplace(spec.id, spec.expect);
  for (const std::string& object : asked->objects) {
    const std::string id = case_for_object(object).id;
    run.rules[id] = default_expectations();
    run.without_rules.insert(id);
  }
  return run;
}

}  // namespace bpfmatrix
