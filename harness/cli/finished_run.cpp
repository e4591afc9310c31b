#include "cli/finished_run.h"

#include <filesystem>

#include "base/data_dir.h"
#include "cli/conclusion.h"
#include "matrix/case_spec.h"
#include "run/run_dir.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

}  // namespace

Result<std::optional<RunSpec>> asked_of(const std::string& dir) {
  std::error_code none;
  if (!fs::exists(fs::path(dir) / "run.json", none)) return std::optional<RunSpec>();
  Result<RunSpec> asked = read_run_spec(dir);
  if (!asked) return std::move(asked).error();
  return std::optional(*std::move(asked));
}

Result<FinishedRun> read_finished_run(const std::string& dir, const std::string& cases) {
  FinishedRun run{.dir = dir, .cells = cells_of_run(dir)};
  Result<std::optional<RunSpec>> asked = asked_of(dir);
  if (!asked) return std::move(asked).error();
  run.asked = *std::move(asked);
  if (run.asked) run.planned = std::move(run.asked->cells);
  const Result<fs::path> folder = cases.empty() ? find_data("cases") : fs::path(cases);
  if (!folder) return folder.error();
  const auto suite = read_suite(*folder);
  if (!suite) return suite.error();
  for (const CaseSpec& spec : *suite) run.rules.emplace(spec.id, expectations_of(spec));
  if (!run.asked) return run;
  const auto own = own_cases(*run.asked);
  if (!own) return own.error();
  for (const CaseSpec& spec : *own) {
    run.rules[spec.id] = expectations_of(spec);
    run.without_rules.insert(spec.id);
  }
  return run;
}

}  // namespace bpfmatrix
