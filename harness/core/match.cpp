#include "core/match.h"

#include <optional>

namespace bpfmatrix {

namespace {

/// A step found in the target: the type it leads to.
using StepMatch = std::variant<BtfId, CoreMismatch>;

class Matcher {
 public:
  Matcher(const CoreSpec& local, const Btf& target, BtfId candidate, CoreBudget& budget)
      : local_(local),
        target_(target),
        budget_(budget),
        types_(*local.btf, target, budget),
        spec_{.btf = &target, .kind = local.kind, .root = candidate} {}

  Result<CoreMatch> type();
  Result<CoreMatch> enum_value();
  Result<CoreMatch> field();

 private:
  struct LocalMember {
    std::string_view name{};
    BtfId type = 0;
  };

  Result<StepMatch> find(const CoreAccessor& step, bool is_first, BtfId in);
  LocalMember local_member(const CoreAccessor& step) const;
  Result<StepMatch> find_member(const LocalMember& wanted, BtfId in);
  Result<StepMatch> find_element(const CoreAccessor& step, BtfId in);
  /// Undoes the last step.
  void step_back(std::uint64_t bit_offset);

  const CoreSpec& local_;
  const Btf& target_;
  CoreBudget& budget_;
  CoreTypes types_;
  CoreSpec spec_;
};

Result<CoreMatch> Matcher::type() {
  Result<bool> same = local_.kind == CoreRelocationKind::type_matches
                          ? types_.types_match(local_.root, spec_.root)
                          : types_.types_compatible(local_.root, spec_.root);
  if (!same) return std::move(same).error();
  if (!*same) return CoreMatch{CoreMismatch::type_differs};
  return CoreMatch{std::move(spec_)};
}

Result<CoreMatch> Matcher::enum_value() {
  const std::optional<BtfType> type = target_.resolve(spec_.root);
  if (!type) return Error{"a chain of modifiers that does not end"};
  const std::vector<BtfEnumerator> values = target_.enumerators(*type);
  if (Result<> paid = budget_.spend(values.size()); !paid) return std::move(paid).error();
  const std::string_view wanted = essential_name(local_.accessors.front().name);
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    if (essential_name(values[i].name) != wanted) continue;
    spec_.accessors.push_back({type->id, i, values[i].name});
    spec_.path.push_back(i);
    return CoreMatch{std::move(spec_)};
  }
  return CoreMatch{CoreMismatch::no_enum_value};
}

Result<CoreMatch> Matcher::field() {
  BtfId at = spec_.root;
  for (std::size_t i = 0; i < local_.accessors.size(); ++i) {
    const CoreAccessor& step = local_.accessors[i];
    Result<StepMatch> next = find(step, i == 0, at);
    if (!next) return std::move(next).error();
    if (const auto* mismatch = std::get_if<CoreMismatch>(&*next)) return CoreMatch{*mismatch};
    at = std::get<BtfId>(*next);
    if (!step.name.empty()) continue;
    if (spec_.path.size() == kMaxCoreSteps) return Error{"types nested too deeply"};
    if (Result<> added = append_element(spec_, at, step.index); !added) {
      return std::move(added).error();
    }
  }
  return CoreMatch{std::move(spec_)};
}

Result<StepMatch> Matcher::find(const CoreAccessor& step, bool is_first, BtfId in) {
  if (!step.name.empty()) return find_member(local_member(step), in);
  if (is_first) return StepMatch{in};
  return find_element(step, in);
}

Matcher::LocalMember Matcher::local_member(const CoreAccessor& step) const {
  const BtfType type = local_.btf->type(step.type).value_or(BtfType{});
  return {step.name, local_.btf->members(type).at(step.index).type};
}

/// The member of that name, in `in` or in its anonymous members, to any depth.
Result<StepMatch> Matcher::find_member(const LocalMember& wanted, BtfId in) {
  const std::optional<BtfType> type = target_.resolve(in);
  if (!type) return Error{"a chain of modifiers that does not end"};
  const std::vector<BtfMember> members = target_.members(*type);
  if (Result<> paid = budget_.spend(members.size() + 1); !paid) return std::move(paid).error();
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    const BtfMember& member = members[i];
    if (!member.name.empty() && member.name != wanted.name) continue;
    if (spec_.path.size() == kMaxCoreSteps) return Error{"types nested too deeply"};
    const std::uint64_t before = spec_.bit_offset;
    spec_.path.push_back(i);
    if (Result<> added = add_bits(spec_, member.bit_offset); !added) {
      return std::move(added).error();
    }
    if (!member.name.empty()) {
      spec_.accessors.push_back({type->id, i, member.name});
      Result<bool> fits = types_.fields_compatible(wanted.type, member.type);
      if (!fits) return std::move(fits).error();
      // libbpf looks no further, and names are unique anyhow.
      if (!*fits) return StepMatch{CoreMismatch::field_type_differs};
      return StepMatch{member.type};
    }
    Result<StepMatch> inner = find_member(wanted, member.type);
    if (!inner || *inner != StepMatch{CoreMismatch::no_field}) return inner;
    step_back(before);
  }
  return StepMatch{CoreMismatch::no_field};
}

void Matcher::step_back(std::uint64_t bit_offset) {
  spec_.path.pop_back();
  spec_.bit_offset = bit_offset;
}

Result<StepMatch> Matcher::find_element(const CoreAccessor& step, BtfId in) {
  const std::optional<BtfType> type = target_.resolve(in);
  if (!type) return Error{"a chain of modifiers that does not end"};
  if (type->kind != BtfKind::array) return StepMatch{CoreMismatch::field_type_differs};
  const std::optional<BtfId> element = element_of(spec_, *type, step.index);
  if (!element) return StepMatch{CoreMismatch::array_too_short};
  return StepMatch{*element};
}

}  // namespace

Result<std::vector<BtfId>> core_candidates(const Btf& local, BtfId type, const Btf& target,
                                           CoreBudget& budget) {
  const BtfType wanted = local.type(type).value_or(BtfType{});
  std::vector<BtfId> found;
  if (wanted.name.empty()) return found;
  if (Result<> paid = budget.spend(); !paid) return std::move(paid).error();
  const std::vector<BtfId> named = target.find_flavours(wanted.name);
  if (Result<> paid = budget.spend(named.size()); !paid) return std::move(paid).error();
  for (const BtfId id : named) {
    if (same_core_kind(wanted.kind, target.type(id).value_or(BtfType{}).kind)) found.push_back(id);
  }
  return found;
}

Result<std::vector<CoreCandidate>> core_candidates(const Btf& local, BtfId type,
                                                   const std::vector<const Btf*>& targets,
                                                   CoreBudget& budget) {
  std::vector<CoreCandidate> all;
  for (const Btf* target : targets) {
    if (target != targets.front() && !all.empty() && all.front().btf == targets.front()) break;
    const Result<std::vector<BtfId>> ids = core_candidates(local, type, *target, budget);
    if (!ids) return ids.error();
    for (const BtfId id : *ids) all.push_back({target, id});
  }
  return all;
}

Result<CoreMatch> match_core_spec(const CoreSpec& local, const Btf& target, BtfId candidate,
                                  CoreBudget& budget) {
  Matcher matcher(local, target, candidate, budget);
  if (Result<> paid = budget.spend(); !paid) return std::move(paid).error();
  switch (subject_of(local.kind)) {
    case CoreSubject::type:
      return matcher.type();
    case CoreSubject::enum_value:
      return matcher.enum_value();
    case CoreSubject::field:
      return matcher.field();
  }
  return Error{"unknown kind"};
}

}  // namespace bpfmatrix
