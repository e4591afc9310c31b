// For tests: BTF of a kernel that a few words describe, as libbpf writes it.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"

namespace bpfmatrix {

/// A task_struct with a pid and a tgid, the registers of `arch`, and these functions.
std::string fake_kernel_btf(Arch arch, const std::vector<std::string>& functions = {});

}  // namespace bpfmatrix
