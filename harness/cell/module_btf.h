// BTF of kernel modules: since 5.11 a module brings the types that the kernel's own BTF does not
// have.
#pragma once

#include <string>

#include "base/result.h"
#include "images/modules.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// What the module's file has of it, which continues the kernel's own (Btf::parse_split). Error: it
/// has none, is no ELF file, or was built outside the kernel's tree and continues what it brings
/// along itself (.BTF.base).
Result<std::string> module_btf(const Module& module);

/// The same of one of the kernel's modules. Error: it has none of that name, or has it built in.
Result<std::string> module_btf(const Kernel& kernel, const std::string& name);

}  // namespace bpfmatrix
