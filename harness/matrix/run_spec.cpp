#include "matrix/run_spec.h"

namespace bpfmatrix {

std::vector<CaseSpec> own_cases(const RunSpec& spec) {
  std::vector<CaseSpec> cases;
  for (const std::string& file : spec.objects) cases.push_back(case_for_object(file));
  for (const LoaderApp& app : spec.matrix.apps) {
    if (app.own_object) cases.push_back(case_for_app(app));
  }
  return cases;
}

}  // namespace bpfmatrix
