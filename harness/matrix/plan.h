// The cells a run will do, known before anything boots.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "matrix/btf_source.h"
#include "matrix/case_spec.h"
#include "matrix/matrix_spec.h"

namespace bpfmatrix {

/// As much of a kernel as a plan needs.
struct PlanKernel {
  std::string id{};
  Arch arch = Arch::x86_64;
};

/// Kernel x Case x BTF source x Loader: the unit that is run, cached, retried, compared.
struct Cell {
  PlanKernel kernel{};
  std::string case_id{};
  BtfSource btf = BtfSource::kernel;
  std::string loader{};

  /// "debian-6.1-x86_64/core-task-tgid/kernel/libbpf"
  std::string id() const;
};

struct Plan {
  /// Ordered by kernel, then as the suite is ordered.
  std::vector<Cell> cells{};
};

/// `known` are all kernels that are available; `suite` all cases. A case is planned only on its own
/// architectures. Error: a pattern that matches no kernel or no case (with the nearest name), or
/// nothing to do at all.
Result<Plan> make_plan(const MatrixSpec& matrix, const std::vector<PlanKernel>& known,
                       const std::vector<CaseSpec>& suite);

}  // namespace bpfmatrix
