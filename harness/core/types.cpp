#include "core/types.h"

#include <algorithm>

namespace bpfmatrix {

namespace {

/// libbpf's two limits: on types within types, and on prototypes and structs within each other.
constexpr int kMaxDepth = 32;
constexpr int kMaxLevel = 32;

bool is_enum(BtfKind kind) { return kind == BtfKind::enum_type || kind == BtfKind::enum64; }

bool is_composite(BtfKind kind) {
  return kind == BtfKind::struct_type || kind == BtfKind::union_type;
}

bool same_name(std::string_view local, std::string_view target) {
  return essential_name(local) == essential_name(target);
}

Error endless() { return Error{"types nested without end"}; }

/// A struct (union) that is only pointed to may be a forward declaration of one on either side.
bool match_behind_pointer(const BtfType& local, const BtfType& target) {
  if (local.kind == BtfKind::fwd && target.kind == BtfKind::fwd) {
    return local.kind_flag == target.kind_flag;
  }
  if (local.kind == target.kind) return true;
  const auto is_union = [](const BtfType& type) {
    return type.kind == BtfKind::fwd ? type.kind_flag : type.kind == BtfKind::union_type;
  };
  const bool one_is_declared = local.kind == BtfKind::fwd || target.kind == BtfKind::fwd;
  const bool other_is_composite = is_composite(local.kind) || is_composite(target.kind);
  return one_is_declared && other_is_composite && is_union(local) == is_union(target);
}

}  // namespace

Result<> CoreBudget::spend(std::uint64_t steps) {
  if (steps > left_) {
    left_ = 0;
    return endless();
  }
  left_ -= steps;
  return {};
}

bool same_core_kind(BtfKind local, BtfKind target) {
  return local == target || (is_enum(local) && is_enum(target));
}

Result<CoreTypes::Pair> CoreTypes::resolve(BtfId local, BtfId target) const {
  if (Result<> paid = budget_.spend(); !paid) return std::move(paid).error();
  const std::optional<BtfType> ours = local_.resolve(local);
  const std::optional<BtfType> theirs = target_.resolve(target);
  if (!ours || !theirs) return endless();
  return Pair{*ours, *theirs};
}

/// Numbers that are bitfields by themselves, as BTF had them before 2018, fit nothing.
bool CoreTypes::plain_numbers(const Pair& pair) const {
  const auto ours = local_.integer(pair.local);
  const auto theirs = target_.integer(pair.target);
  return ours && theirs && ours->bit_offset == 0 && theirs->bit_offset == 0;
}

bool CoreTypes::same_numbers(const Pair& pair) const {
  const auto ours = local_.integer(pair.local);
  const auto theirs = target_.integer(pair.target);
  return ours && theirs && pair.local.size == pair.target.size &&
         ours->is_signed == theirs->is_signed;
}

Result<bool> CoreTypes::fields_compatible(BtfId local, BtfId target) const {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const Result<Pair> pair = resolve(local, target);
    if (!pair) return pair.error();
    const auto& [ours, theirs] = *pair;
    if (is_composite(ours.kind) && is_composite(theirs.kind)) return true;
    if (!same_core_kind(ours.kind, theirs.kind)) return false;
    if (ours.kind == BtfKind::ptr || ours.kind == BtfKind::float_type) return true;
    if (ours.kind == BtfKind::int_type) return plain_numbers(*pair);
    if (ours.kind == BtfKind::fwd || is_enum(ours.kind)) {
      return ours.name.empty() || theirs.name.empty() || same_name(ours.name, theirs.name);
    }
    if (ours.kind != BtfKind::array) return false;
    local = local_.array(ours)->element;
    target = target_.array(theirs)->element;
  }
  return endless();
}

Result<bool> CoreTypes::types_compatible(BtfId local, BtfId target) const {
  // Before modifiers are removed: a typedef is no candidate for a struct.
  const std::optional<BtfType> ours = local_.type(local);
  const std::optional<BtfType> theirs = target_.type(target);
  if (!ours || !theirs || !same_core_kind(ours->kind, theirs->kind)) return false;
  return compatible(local, target, kMaxLevel);
}

Result<bool> CoreTypes::compatible(BtfId local, BtfId target, int level) const {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const Result<Pair> pair = resolve(local, target);
    if (!pair) return pair.error();
    const auto& [ours, theirs] = *pair;
    if (!same_core_kind(ours.kind, theirs.kind)) return false;
    if (ours.kind == BtfKind::void_type || ours.kind == BtfKind::fwd || is_enum(ours.kind) ||
        is_composite(ours.kind)) {
      return true;
    }
    if (ours.kind == BtfKind::int_type) return plain_numbers(*pair);
    if (ours.kind == BtfKind::array) {
      local = local_.array(ours)->element;
      target = target_.array(theirs)->element;
    } else if (ours.kind == BtfKind::ptr || ours.kind == BtfKind::func_proto) {
      if (ours.kind == BtfKind::func_proto) {
        Result<bool> parameters = parameters_compatible(*pair, level);
        if (!parameters || !*parameters) return parameters;
      }
      local = ours.target;
      target = theirs.target;
    } else {
      return false;
    }
  }
  return endless();
}

Result<bool> CoreTypes::parameters_compatible(const Pair& pair, int level) const {
  const std::vector<BtfParameter> ours = local_.parameters(pair.local);
  const std::vector<BtfParameter> theirs = target_.parameters(pair.target);
  if (ours.size() != theirs.size()) return false;
  if (!ours.empty() && level <= 0) return endless();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    Result<bool> one = compatible(ours[i].type, theirs[i].type, level - 1);
    if (!one || !*one) return one;
  }
  return true;
}

Result<bool> CoreTypes::types_match(BtfId local, BtfId target) const {
  return match(local, target, false, kMaxLevel);
}

Result<bool> CoreTypes::match(BtfId local, BtfId target, bool behind_pointer, int level) const {
  if (level <= 0) return endless();
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const Result<Pair> pair = resolve(local, target);
    if (!pair) return pair.error();
    const auto& [ours, theirs] = *pair;
    if (!same_name(ours.name, theirs.name)) return false;
    const bool composite = is_composite(ours.kind) || ours.kind == BtfKind::fwd;
    if (composite && behind_pointer) return match_behind_pointer(ours, theirs);
    if (!same_core_kind(ours.kind, theirs.kind)) return false;
    if (ours.kind == BtfKind::void_type) return true;
    if (ours.kind == BtfKind::fwd) return ours.kind_flag == theirs.kind_flag;
    if (ours.kind == BtfKind::int_type) return same_numbers(*pair);
    if (is_enum(ours.kind)) return enums_match(*pair);
    if (composite) return composites_match(*pair, behind_pointer, level);
    if (ours.kind == BtfKind::array) {
      if (local_.array(ours)->count != target_.array(theirs)->count) return false;
      local = local_.array(ours)->element;
      target = target_.array(theirs)->element;
    } else if (ours.kind == BtfKind::ptr || ours.kind == BtfKind::func_proto) {
      if (ours.kind == BtfKind::ptr) {
        behind_pointer = true;
      } else {
        Result<bool> parameters = parameters_match(*pair, behind_pointer, level);
        if (!parameters || !*parameters) return parameters;
      }
      local = ours.target;
      target = theirs.target;
    } else {
      return false;  // float too: libbpf's rule names no such kind
    }
  }
  return endless();
}

Result<bool> CoreTypes::parameters_match(const Pair& pair, bool behind_pointer, int level) const {
  const std::vector<BtfParameter> ours = local_.parameters(pair.local);
  const std::vector<BtfParameter> theirs = target_.parameters(pair.target);
  if (ours.size() != theirs.size()) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    Result<bool> one = match(ours[i].type, theirs[i].type, behind_pointer, level - 1);
    if (!one || !*one) return one;
  }
  return true;
}

Result<bool> CoreTypes::composites_match(const Pair& pair, bool behind_pointer, int level) const {
  const std::vector<BtfMember> ours = local_.members(pair.local);
  const std::vector<BtfMember> theirs = target_.members(pair.target);
  if (ours.size() > theirs.size()) return false;
  for (const BtfMember& member : ours) {
    Result<bool> one = member_matches(member, theirs, behind_pointer, level);
    if (!one || !*one) return one;
  }
  return true;
}

Result<bool> CoreTypes::member_matches(const BtfMember& member,
                                       const std::vector<BtfMember>& targets, bool behind_pointer,
                                       int level) const {
  for (const BtfMember& target : targets) {
    if (Result<> paid = budget_.spend(); !paid) return std::move(paid).error();
    if (!same_name(member.name, target.name)) continue;
    Result<bool> one = match(member.type, target.type, behind_pointer, level - 1);
    if (!one || *one) return one;
  }
  return false;
}

Result<bool> CoreTypes::enums_match(const Pair& pair) const {
  const std::vector<BtfEnumerator> ours = local_.enumerators(pair.local);
  const std::vector<BtfEnumerator> theirs = target_.enumerators(pair.target);
  if (pair.local.size != pair.target.size || ours.size() > theirs.size()) return false;
  for (const BtfEnumerator& value : ours) {
    if (Result<> paid = budget_.spend(theirs.size()); !paid) return std::move(paid).error();
    const bool found = std::any_of(theirs.begin(), theirs.end(), [&](const BtfEnumerator& other) {
      return same_name(value.name, other.name);
    });
    if (!found) return false;
  }
  return true;
}

}  // namespace bpfmatrix
