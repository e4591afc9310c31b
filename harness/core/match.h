// The search for what a CO-RE relocation means in another BTF: which types may stand for the
// object's, and where in one of them the same field, type or enum value is. Pure; the rules of
// libbpf 1.4, src/relo_core.c, bpf_core_match_member() and bpf_core_names_match().
#pragma once

#include <variant>
#include <vector>

#include "base/result.h"
#include "base/words.h"
#include "core/spec.h"
#include "core/types.h"

namespace bpfmatrix {

/// Why there is no match. In the order in which a candidate comes nearer to one.
enum class CoreMismatch {
  no_candidate,
  type_differs,
  no_enum_value,
  no_field,
  array_too_short,
  field_type_differs,
};
inline constexpr Word<CoreMismatch> kCoreMismatchWords[] = {
    {CoreMismatch::no_candidate, "no candidate type"},
    {CoreMismatch::type_differs, "type differs in target"},
    {CoreMismatch::no_enum_value, "enum value not in target"},
    {CoreMismatch::no_field, "field not in target"},
    {CoreMismatch::array_too_short, "array too short in target"},
    {CoreMismatch::field_type_differs, "field of another type in target"},
};
constexpr const auto& words_of(CoreMismatch) { return kCoreMismatchWords; }

/// Types of `target` that have the name of `type`, flavours aside, and are of its kind; in the
/// order of ids. Error: the budget is spent.
Result<std::vector<BtfId>> core_candidates(const Btf& local, BtfId type, const Btf& target,
                                           CoreBudget& budget);

/// A type that may stand for the object's.
struct CoreCandidate {
  const Btf* btf = nullptr;
  BtfId id = 0;
};
/// Those of the first of `targets`, the kernel's own BTF; only if it has none, those of all others,
/// its modules'.
Result<std::vector<CoreCandidate>> core_candidates(const Btf& local, BtfId type,
                                                   const std::vector<const Btf*>& targets,
                                                   CoreBudget& budget);

/// The same access in the type `candidate` of `target`, or why there is none. Error: types whose
/// comparison does not end, or has no meaning (an element without a size): libbpf then fails for
/// the object.
using CoreMatch = std::variant<CoreSpec, CoreMismatch>;
Result<CoreMatch> match_core_spec(const CoreSpec& local, const Btf& target, BtfId candidate,
                                  CoreBudget& budget);

}  // namespace bpfmatrix
