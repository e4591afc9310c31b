#include "core/minimum.h"

#include <fmt/format.h>

#include <compare>
#include <set>
#include <vector>

#include "core/relocation.h"
#include "elf/object_types.h"

namespace bpfmatrix {

namespace {

/// Arrays of arrays, as deep as a size is still looked for.
constexpr int kMaxArrayDepth = 32;

bool is_composite(const BtfType& type) {
  return type.kind == BtfKind::struct_type || type.kind == BtfKind::union_type;
}

/// Keeps what a relocation looks at in one of the BTF.
class TypeKeeper {
 public:
  TypeKeeper(const Btf& in, BtfSubset& subset) : in_(in), subset_(subset) {}

  void keep_path(const CoreSpec& found);
  void keep_compared(BtfId root, bool with_members);

 private:
  void keep_member(const BtfType& type, std::uint32_t index, BtfId member);
  BtfType keep_chain(BtfId id);
  void keep_value(BtfId id);

  const Btf& in_;
  BtfSubset& subset_;
};

/// All that the search passed, and its result.
void TypeKeeper::keep_path(const CoreSpec& found) {
  if (subject_of(found.kind) != CoreSubject::field) {
    keep_chain(found.root);
    return;
  }
  BtfId at = found.root;
  for (std::size_t i = 1; i < found.path.size(); ++i) {
    const BtfType type = keep_chain(at);
    if (const auto array = in_.array(type)) {
      keep_chain(array->index);
      at = array->element;
      continue;
    }
    const std::vector<BtfMember> members = in_.members(type);
    at = members.at(found.path[i]).type;
    keep_member(type, found.path[i], at);
  }
  keep_value(at);
}

void TypeKeeper::keep_member(const BtfType& type, std::uint32_t index, BtfId member) {
  subset_.keep_member(in_, type.id, index);
  const auto array = in_.array(in_.resolve(member).value_or(BtfType{}));
  const std::uint32_t last = type.count - 1U;
  if (!array || array->count > 0 || index == last) return;
  // An array without elements accepts any index if it is the last member. This one must not become
  // the last.
  subset_.keep_member(in_, type.id, last);
  keep_value(in_.members(type).at(last).type);
}

/// The type with its typedefs and qualifiers; gives what is behind them.
BtfType TypeKeeper::keep_chain(BtfId id) {
  const BtfType end = in_.resolve(id).value_or(BtfType{});
  while (id != end.id) {
    subset_.keep(in_, id);
    id = in_.type(id).value_or(BtfType{}).target;
  }
  subset_.keep(in_, end.id);
  return end;
}

/// What tells size, sign and kind of a value.
void TypeKeeper::keep_value(BtfId id) {
  for (int depth = 0; depth < kMaxArrayDepth; ++depth) {
    const auto array = in_.array(keep_chain(id));
    if (!array) return;
    keep_chain(array->index);
    id = array->element;
  }
}

/// What comparing whole types looks at: through pointers, arrays and prototypes, and on request
/// into the members of what is not behind a pointer.
void TypeKeeper::keep_compared(BtfId root, bool with_members) {
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
    for (const BtfParameter& parameter : in_.parameters(type)) {
      todo.push_back({parameter.type, behind_pointer});
    }
    if (const auto array = in_.array(type)) {
      keep_chain(array->index);
      todo.push_back({array->element, behind_pointer});
    }
    if (!with_members || behind_pointer || !is_composite(type)) continue;
    const std::vector<BtfMember> members = in_.members(type);
    for (std::uint32_t i = 0; i < members.size(); ++i) {
      subset_.keep_member(in_, type.id, i);
      todo.push_back({members[i].type, behind_pointer});
    }
  }
}

}  // namespace

Result<> CoreMinimum::add(const ElfFile& object) {
  const Result<std::optional<ObjectTypes>> types = read_object_types(object);
  if (!types) return types.error();
  if (!*types) return {};
  const auto& [local, ext] = **types;
  CoreBudget budget(kMaxCoreWork);
  for (std::size_t i = 0; i < ext.relocations.size(); ++i) {
    Result<> added = add(*local, ext.relocations[i], budget);
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
  const Result<std::vector<CoreCandidate>> all =
      core_candidates(local, spec->root, targets_, budget);
  if (!all) return all.error();
  bool matched = false;
  for (const CoreCandidate& candidate : *all) {
    const Btf& in = *candidate.btf;
    TypeKeeper keeper(in, subset_);
    if (&in == targets_.front()) {
      const BtfType type = in.type(candidate.id).value_or(BtfType{});
      of_kernel_.emplace(essential_name(type.name), type.kind);
    }
    if (subject_of(spec->kind) == CoreSubject::type) {
      keeper.keep_compared(candidate.id, spec->kind == CoreRelocationKind::type_matches);
    }
    const Result<CoreMatch> match = match_core_spec(*spec, in, candidate.id, budget);
    if (!match) return match.error();
    const auto* found = std::get_if<CoreSpec>(&*match);
    if (found == nullptr) continue;
    matched = true;
    keeper.keep_path(*found);
  }
  count_.unmatched += matched ? 0 : 1;
  return {};
}

Result<std::string> CoreMinimum::write() const {
  for (const auto& [key, members] : subset_.kept()) {
    if (key.first == 0) continue;
    const BtfType type = targets_[key.first]->type(key.second).value_or(BtfType{});
    if (!of_kernel_.contains({std::string(essential_name(type.name)), type.kind})) continue;
    return Error{
        fmt::format("{} '{}' of a module has the same name as another one of the kernel: one BTF "
                    "cannot hold both",
                    to_string(type.kind), type.name)};
  }
  return subset_.write();
}

}  // namespace bpfmatrix
