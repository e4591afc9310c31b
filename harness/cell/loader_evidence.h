// What a loader did about CO-RE relocations, as it says itself and as the instructions show that it
// sent to the kernel: the events `relocation` and `insns` of guest/loader_contract.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "outcome/relocation.h"

namespace bpfmatrix {

/// A program as the kernel was asked to take it.
struct SentProgram {
  /// Slots of 8 bytes, as they stand in memory.
  std::vector<std::uint64_t> insns{};
  /// Of its func_info, if any was sent: where a function begins, and its type in the object's BTF.
  struct Function {
    std::uint64_t insn = 0;
    std::uint32_t type = 0;
  };
  std::vector<Function> functions{};
};

/// What the loader put where; several for a load whose offset and size both changed.
struct SaidEdit {
  /// "imm", "imm64", "off", "mem_sz".
  std::string field{};
  std::uint64_t before = 0;
  std::uint64_t after = 0;

  bool operator==(const SaidEdit&) const = default;
};

struct SaidRelocation {
  std::string function{};
  std::uint32_t index = 0;
  std::uint64_t insn = 0;
  RelocationResult result = RelocationResult::skipped;
  std::vector<SaidEdit> edits{};
};

// What does not fit is the reader's error.

/// A piece of a program; pieces come in order.
void add_insns(ObjectReader& reader, SentProgram& program);
void add_relocation(ObjectReader& reader, std::vector<SaidRelocation>& said);

}  // namespace bpfmatrix
