// For tests: what real kernels said, as testdata/cut_logs.py cut it.
#pragma once

#include <string>
#include <vector>

#include "analysis/causes/classify.h"

namespace bpfmatrix {

struct KernelLog {
  std::string kernel{};   ///< "6.12-x86_64"
  std::string program{};  ///< "null_dereference"
  bool accepted = false;
  Stage stage = Stage::load;
  std::string errno_name{};
  std::string message{};
  std::string log{};
};

/// All programs of all kernels; fails the test if there are not 520.
std::vector<KernelLog> kernel_logs();
KernelLog kernel_log(const std::string& kernel, const std::string& program);

/// What a look into the object, and a probe of that kernel, would have said of this failure.
FailureFacts facts_about(const KernelLog& log);
Failure failure_of(const KernelLog& log);

}  // namespace bpfmatrix
