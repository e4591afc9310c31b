// Whether a type of an object and a type of a kernel are the same for CO-RE: three rules of
// different strictness: libbpf 1.4, src/relo_core.c, bpf_core_fields_are_compat(),
// __bpf_core_types_are_compat() and __bpf_core_types_match(). Modifiers and typedefs do not count.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "elf/btf.h"

namespace bpfmatrix {

/// Bounds the work on types that refer to each other in ways no compiler writes, where an
/// exhaustive search would not end within a lifetime.
class CoreBudget {
 public:
  explicit CoreBudget(std::uint64_t steps) : left_(steps) {}
  /// Error: nothing is left.
  Result<> spend(std::uint64_t steps = 1);

 private:
  std::uint64_t left_;
};

/// Both kinds are the same; enum and enum64 are.
bool same_core_kind(BtfKind local, BtfKind target);

/// Compares types of an object with types of a kernel. Error, of each rule: types nested
/// without end.
class CoreTypes {
 public:
  CoreTypes(const Btf& local, const Btf& target, CoreBudget& budget)
      : local_(local), target_(target), budget_(budget) {}

  /// For fields, bpf_core_fields_are_compat(): sizes and signs of numbers and what pointers point
  /// to do not count, names of enums do.
  Result<bool> fields_compatible(BtfId local, BtfId target) const;
  /// For type_exists, type_size and target_type_id, bpf_core_types_are_compat(): the kinds agree,
  /// through pointers, arrays and prototypes. What structs hold does not count.
  Result<bool> types_compatible(BtfId local, BtfId target) const;
  /// For type_matches, bpf_core_types_match(): what the local type has, the target has too, with
  /// the same names, sizes and signs.
  Result<bool> types_match(BtfId local, BtfId target) const;

 private:
  struct Pair {
    BtfType local{};
    BtfType target{};
  };

  Result<Pair> resolve(BtfId local, BtfId target) const;
  Result<bool> compatible(BtfId local, BtfId target, int level) const;
  Result<bool> parameters_compatible(const Pair& pair, int level) const;
  Result<bool> match(BtfId local, BtfId target, bool behind_pointer, int level) const;
  Result<bool> parameters_match(const Pair& pair, bool behind_pointer, int level) const;
  Result<bool> composites_match(const Pair& pair, bool behind_pointer, int level) const;
  Result<bool> member_matches(const BtfMember& member, const std::vector<BtfMember>& targets,
                              bool behind_pointer, int level) const;
  Result<bool> enums_match(const Pair& pair) const;
  bool plain_numbers(const Pair& pair) const;
  bool same_numbers(const Pair& pair) const;

  const Btf& local_;
  const Btf& target_;
  CoreBudget& budget_;
};

}  // namespace bpfmatrix
