#include "elf/core_minimum.h"

#include <fmt/format.h>

#include <compare>
#include <set>
#include <vector>

namespace bpfmatrix {

namespace {

/// As in relocation itself, for one object.
constexpr std::uint64_t kMaxSteps = 20'000'000;
/// Arrays of arrays, as deep as a size is still looked for.
constexpr int kMaxDepth = 32;

bool is_composite(const BtfType& type) {
  return type.kind == BtfKind::struct_type || type.kind == BtfKind::union_type;
}

}  // namespace

Result<> CoreMinimum::add(const ElfFile& object) {
  const ElfSection* types = object.section(".BTF");
  const ElfSection* info = object.section(".BTF.ext");
  if (types == nullptr || info == nullptr) return {};
  const Result<Btf> local = Btf::parse(std::string(types->bytes));
  if (!local) return local.error();
  const Result<BtfExt> ext = parse_btf_ext(info->bytes, *local);
  if (!ext) return ext.error();
  CoreBudget budget(kMaxSteps);
  for (std::size_t i = 0; i < ext->relocations.size(); ++i) {
    const CoreRelocation& relocation = ext->relocations[i];
    Result<> added = add(*local, relocation, budget);
    if (!added) return wrap(fmt::format("CO-RE relocation {}", i), std::move(added).error());
  }
  return {};
}

Result<> CoreMinimum::add(const Btf& local, const CoreRelocation& relocation, CoreBudget& budget) {
  const Result<CoreSpec> spec = parse_core_spec(local, relocation);
  if (!spec) return spec.error();
  ++count_.relocations;
  if (spec->kind == CoreRelocationKind::local_type_id) return {};
  if (spec->kind == CoreRelocationKind::target_type_id) ++count_.kernel_ids;
  const Result<std::vector<BtfId>> all = core_candidates(local, spec->root, kernel_, budget);
  if (!all) return all.error();
  bool matched = false;
  for (const BtfId id : *all) {
    if (subject_of(spec->kind) == CoreSubject::type) {
      keep_compared(id, spec->kind == CoreRelocationKind::type_matches);
    }
    const Result<CoreMatch> match = match_core_spec(*spec, kernel_, id, budget);
    if (!match) return match.error();
    const auto* found = std::get_if<CoreSpec>(&*match);
    if (found == nullptr) continue;
    matched = true;
    keep_path(*found);
  }
  count_.unmatched += matched ? 0 : 1;
  return {};
}

/// All that the search came by, and what it came to.
void CoreMinimum::keep_path(const CoreSpec& found) {
  if (subject_of(found.kind) != CoreSubject::field) {
    keep_chain(found.root);
    return;
  }
  BtfId at = found.root;
  for (std::size_t i = 1; i < found.path.size(); ++i) {
    const BtfType type = keep_chain(at);
    if (const auto array = kernel_.array(type)) {
      keep_chain(array->index);
      at = array->element;
      continue;
    }
    const std::vector<BtfMember> members = kernel_.members(type);
    at = members.at(found.path[i]).type;
    keep_member(type, found.path[i], at);
  }
  keep_value(at);
}

void CoreMinimum::keep_member(const BtfType& type, std::uint32_t index, BtfId member) {
  subset_.keep_member(type.id, index);
  const auto array = kernel_.array(kernel_.resolve(member).value_or(BtfType{}));
  const std::uint32_t last = type.count - 1U;
  if (!array || array->count > 0 || index == last) return;
  // An array without elements takes any index if it is the last member. This one must not become
  // the last.
  subset_.keep_member(type.id, last);
  keep_value(kernel_.members(type).at(last).type);
}

/// The type with its typedefs and qualifiers; gives what is behind them.
BtfType CoreMinimum::keep_chain(BtfId id) {
  const BtfType end = kernel_.resolve(id).value_or(BtfType{});
  while (id != end.id) {
    subset_.keep(id);
    id = kernel_.type(id).value_or(BtfType{}).target;
  }
  subset_.keep(end.id);
  return end;
}

/// What tells size, sign and kind of a value.
void CoreMinimum::keep_value(BtfId id) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto array = kernel_.array(keep_chain(id));
    if (!array) return;
    keep_chain(array->index);
    id = array->element;
  }
}

/// What comparing whole types looks at: through pointers, arrays and prototypes, and on request
/// into the members of what is not behind a pointer.
void CoreMinimum::keep_compared(BtfId root, bool with_members) {
  struct Step {
    BtfId id = 0;
    bool behind_pointer = false;
    auto operator<=>(const Step&) const = default;
  };
  std::set<Step> seen;
  std::vector<Step> todo{{root}};
  while (!todo.empty()) {
    const Step step = todo.back();
    todo.pop_back();
    if (!seen.insert(step).second) continue;
    const BtfType type = keep_chain(step.id);
    const bool behind_pointer = step.behind_pointer || type.kind == BtfKind::ptr;
    if (type.kind == BtfKind::ptr || type.kind == BtfKind::func_proto) {
      todo.push_back({type.target, behind_pointer});
    }
    for (const BtfParameter& parameter : kernel_.parameters(type)) {
      todo.push_back({parameter.type, behind_pointer});
    }
    if (const auto array = kernel_.array(type)) {
      keep_chain(array->index);
      todo.push_back({array->element, behind_pointer});
    }
    if (!with_members || behind_pointer || !is_composite(type)) continue;
    const std::vector<BtfMember> members = kernel_.members(type);
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      subset_.keep_member(type.id, i);
      todo.push_back({members[i].type, behind_pointer});
    }
  }
}

}  // namespace bpfmatrix
