// One CO-RE relocation in one program, as its sides tell it: calculated, sent, said. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cell/loader_evidence.h"
#include "core/relocation.h"

namespace bpfmatrix {

struct RelocationSides {
  CoreResult calculated{};
  /// The instruction as the kernel was asked to take it, one or two slots; nothing: see `unsent`.
  std::optional<std::vector<std::uint64_t>> sent{};
  /// "the program was never sent"
  std::string unsent{};
  /// nullptr: the loader said nothing of it.
  const SaidRelocation* said = nullptr;
  /// The loader gave the whole object up at its relocations.
  bool object_failed = false;
};

/// What was sent decides what became of the relocation; where nothing was, what the loader said;
/// where it said nothing, the calculation. One that contradicts another is named.
RelocationRecord cross_check(const RelocationSides& sides);

}  // namespace bpfmatrix
