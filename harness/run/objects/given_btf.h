// BTF files that the user hands over for the BTF source `embedded`: made small for some objects,
// from an archive, or from a box whose kernel has none. BTF does not say which kernel it describes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "elf/btf_identity.h"
#include "kernels/kernel.h"
#include "matrix/matrix_spec.h"
#include "matrix/plan.h"
#include "outcome/kernel_symbols.h"

namespace bpfmatrix {

/// By the id of the kernel.
using GivenBtf = std::map<std::string, KernelBtf>;

/// "[GLOB=]FILE", as the command line has it.
BtfFile parse_btf_file(const std::string& text);

/// For each kernel of the plan the file that is meant for it, if any. Error: one that cannot be
/// read, is damaged or of another architecture; that is for no kernel of the plan; two for one.
Result<GivenBtf> find_given_btf(const std::vector<BtfFile>& files, const Plan& plan);

/// How many of its functions are among the kernel's symbols. Nothing: they are not known, or it
/// describes none.
std::optional<BtfShare> share_in_kernel(const KernelBtf& btf, const KernelSymbols& symbols);

}  // namespace bpfmatrix
