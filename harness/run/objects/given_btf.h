// BTF files that the user hands over for the BTF source `embedded`: made small for some objects,
// from an archive, or from a box whose kernel has none. BTF does not say which kernel it describes.
// They are put into a guest for each cell that wants them: its template holds none of them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "elf/btf_identity.h"
#include "kernels/kernel.h"
#include "kernels/store.h"
#include "matrix/case_spec.h"
#include "matrix/plan.h"
#include "outcome/kernel_symbols.h"

namespace bpfmatrix {

/// By the ids of the kernel and the case.
using GivenBtf = std::map<std::pair<std::string, std::string>, KernelBtf>;

/// "[[OBJECT:]GLOB=]FILE", as the command line has it.
BtfFile parse_btf_file(const std::string& text);

/// For each cell of the plan the file that is meant for it, if any: one of `files` that names its
/// object, else one that is for all, else one of its case. BTF out of an ELF file is kept in the
/// store. Error: one that cannot be read, is damaged or of another architecture; one of `files`
/// that is for no cell of the plan; two for one.
Result<GivenBtf> find_given_btf(const std::vector<BtfFile>& files,
                                const std::map<std::string, CaseSpec>& cases, const Plan& plan,
                                const Store& store);

/// A kernel of a run, with the BTF that was given for each of its cases.
class KernelForCases {
 public:
  explicit KernelForCases(Result<Kernel> kernel) : kernel_(std::move(kernel)) {}

  /// Takes what is meant for this kernel. To be called once.
  void take(const GivenBtf& given);
  /// As the cells of a case have it; the one that take() left, for as long as this lives.
  const Result<Kernel>& of(const std::string& case_id) const;
  /// Without any of it.
  const Result<Kernel>& plain() const { return kernel_; }
  /// Each file once.
  std::vector<KernelBtf> given() const;

 private:
  Result<Kernel> kernel_;
  std::map<std::string, Result<Kernel>> for_case_{};
};

/// How many of its functions are among the kernel's symbols. Nothing: they are not known, or it
/// describes none.
std::optional<BtfShare> share_in_kernel(const KernelBtf& btf, const KernelSymbols& symbols);

}  // namespace bpfmatrix
