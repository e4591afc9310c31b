// The objects of cases as far as this machine has them: compiled, or fetched before. Never touches
// the network.
#pragma once

#include <optional>

#include "run/objects/kernel_finder.h"
#include "run/objects/object_finder.h"

namespace bpfmatrix {

class ObjectsHere {
 public:
  ObjectsHere(const RunSettings& settings, const KernelFinder& kernels);

  /// Nothing: its package was never fetched, or there is no kernel with BTF to compile against.
  /// Error: it is here and does not compile, or cannot be read.
  std::optional<Result<ObjectFile>> find(const CaseSpec& spec, Arch arch) const;

 private:
  bool is_here(const CaseSpec& spec, Arch arch) const;

  const RunSettings& settings_;
  ObjectFinder finder_;
  std::set<Arch> compilable_{};
};

}  // namespace bpfmatrix
