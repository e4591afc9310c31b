// The search for what a CO-RE relocation means in another BTF: which types may stand for the
// object's, and where in one of them the same field, type or enum value is. Pure; the rules of
// libbpf 1.4, src/relo_core.c, bpf_core_match_member() and bpf_core_names_match().
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
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
/// "no candidate type", "field not in target".
std::string_view to_string(CoreMismatch mismatch);

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
