#include "matrix/run_spec.h"

namespace bpfmatrix {

Result<std::vector<CaseSpec>> own_cases(const RunSpec& spec) {
  std::vector<CaseSpec> cases;
  for (const std::string& file : spec.objects) cases.push_back(case_for_object(file));
  for (const LoaderApp& app : spec.matrix.apps) {
    if (app.own_object) cases.push_back(case_for_app(app));
  }
  if (!spec.matrix.project) return cases;
  const Project& project = *spec.matrix.project;
  for (CaseSpec& one : cases) {
    const auto settings = project.settings.find(one.id);
    if (settings == project.settings.end()) continue;
    Result<> applied = apply_settings(settings->second, project.folder, one.id, one);
    if (!applied) return std::move(applied).error();
  }
  return cases;
}

}  // namespace bpfmatrix
