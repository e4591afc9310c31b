// The part of a kernel's BTF that the CO-RE relocations of some objects look at: small enough to be
// embedded in a program that has to run where the kernel has none of its own.
//
// A relocation has the same result with it as with the whole. That is why types that are
// compared are kept whether they match or not: with a pointer's target gone they might
// match.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/match.h"
#include "core/spec.h"
#include "elf/btf.h"
#include "elf/btf_ext.h"
#include "elf/btf_subset.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

struct CoreMinimumCount {
  std::size_t relocations = 0;
  /// Those that nothing in the kernel's BTF fits. They match nothing in the whole either.
  std::size_t unmatched = 0;
  /// Those that ask for a type's id in the kernel's BTF: the one thing that no part of it can keep.
  std::size_t kernel_ids = 0;
};

class CoreMinimum {
 public:
  /// `targets`: the kernel's BTF and after it those of modules, as for relocate(). All must outlive
  /// this.
  explicit CoreMinimum(std::vector<const Btf*> targets)
      : targets_(std::move(targets)), subset_(targets_) {}

  /// Adds what this object looks at; nothing of one without .BTF.ext. Error: its BTF is malformed,
  /// a relocation means nothing, or types are nested without end.
  Result<> add(const ElfFile& object);

  const CoreMinimumCount& count() const { return count_; }
  const BtfSubset& subset() const { return subset_; }
  /// As one BTF. Error: a type of a module has the name of one of the kernel.
  Result<std::string> write() const;

 private:
  Result<> add(const Btf& local, const CoreRelocation& relocation, CoreBudget& budget);

  std::vector<const Btf*> targets_;
  BtfSubset subset_;
  CoreMinimumCount count_{};
  /// What was wanted and found in the kernel's own BTF, without flavours.
  std::set<std::pair<std::string, BtfKind>> of_kernel_{};
};

}  // namespace bpfmatrix
