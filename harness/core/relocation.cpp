#include "core/relocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/match.h"
#include "core/spec.h"
#include "elf/code_section.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxRelocations = 100'000;

/// A spec and its value.
struct Valued {
  CoreSpec spec{};
  CoreValue value{};
};

/// All candidates looked at: the first that matches, or how near the nearest came.
struct Found {
  std::optional<Valued> match{};
  CoreMismatch mismatch = CoreMismatch::no_candidate;
};

bool same_decision(const Valued& a, const Valued& b) {
  return a.spec.bit_offset == b.spec.bit_offset && a.value.value == b.value.value;
}

Result<CoreOutcome> edit(CoreResult& result, const CoreChange& change) {
  std::vector<std::uint64_t> slots = result.before;
  Result<CorePatch> patched = patch_core(slots, change);
  if (!patched) return std::move(patched).error();
  result.after = std::move(slots);
  result.edits = std::move(patched->edits);
  if (patched->poisoned && change.target_value) {
    result.reason = fmt::format("a field of {} bytes in target, not {}", change.target_bytes,
                                change.local_bytes);
  }
  if (patched->poisoned) return CoreOutcome::poisoned;
  return result.after == result.before ? CoreOutcome::unchanged : CoreOutcome::resolved;
}

class Relocator {
 public:
  Relocator(const ElfFile& elf, const Btf& local, const std::vector<const Btf*>& targets,
            const CoreOptions& options)
      : sections_(read_code_sections(elf)), local_(local), targets_(targets), options_(options) {}

  CoreResult next(const CoreRelocation& relocation);

 private:
  Result<CoreOutcome> carry_out(CoreResult& result, const CoreRelocation& relocation,
                                const CodeFunction& function);
  Result<Valued> local_side(CoreResult& result, const CoreRelocation& relocation) const;
  Result<Found> search(CoreResult& result, const Valued& local);
  Result<std::vector<CoreCandidate>*> candidates(BtfId type);
  Result<CoreChange> change(CoreResult& result, const Valued& local);

  const CodeSections sections_;
  const Btf& local_;
  const std::vector<const Btf*>& targets_;
  const CoreOptions& options_;
  CoreBudget budget_{kMaxCoreWork};
  std::map<std::string_view, std::uint32_t> indices_{};
  /// By local type; what did not match is dropped, see CoreResult::candidates.
  std::map<BtfId, std::vector<CoreCandidate>> candidates_{};
};

CoreResult Relocator::next(const CoreRelocation& relocation) {
  const std::string_view name = clipped_name(relocation.section);
  CoreResult result{.section = std::string(name),
                    .index = indices_[name]++,
                    .instruction = relocation.instruction,
                    .kind = relocation.kind};
  const auto section = sections_.find(name);
  const CodeFunction* function =
      section == sections_.end() ? nullptr : section->second.function_at(relocation.instruction);
  if (function == nullptr) {
    // What a linker leaves of a weak function that lost against another.
    result.reason = "in no function";
    return result;
  }
  result.function = function->name;
  result.function_at = function->first;
  result.instruction -= function->first;
  result.before = instruction_slots(section->second.code, relocation.instruction);
  Result<CoreOutcome> outcome = carry_out(result, relocation, *function);
  result.outcome = outcome ? *outcome : CoreOutcome::failed;
  if (!outcome) result.reason = std::move(outcome).error().message;
  return result;
}

Result<CoreOutcome> Relocator::carry_out(CoreResult& result, const CoreRelocation& relocation,
                                         const CodeFunction& function) {
  const Result<Valued> local = local_side(result, relocation);
  if (options_.loaded && !options_.loaded(function.name)) {
    result.reason = "program not loaded";
    return CoreOutcome::skipped;
  }
  if (targets_.empty()) {
    result.reason = "no BTF";
    return CoreOutcome::skipped;
  }
  if (!local) return local.error();
  const Result<CoreChange> planned = change(result, *local);
  if (!planned) return planned.error();
  if (result.instruction + result.before.size() > function.count) {
    return Error{"the instruction ends beyond its function"};
  }
  return edit(result, *planned);
}

Result<Valued> Relocator::local_side(CoreResult& result, const CoreRelocation& relocation) const {
  Result<CoreSpec> spec = parse_core_spec(local_, relocation);
  if (!spec) return std::move(spec).error();
  result.local = in_words(*spec);
  const Result<CoreValue> value = core_value(*spec, options_.rules);
  if (!value) return value.error();
  result.local_value = value->value;
  return Valued{*std::move(spec), *value};
}

/// What is to be done to the instruction, as far as the types decide it.
Result<CoreChange> Relocator::change(CoreResult& result, const Valued& local) {
  CoreChange change{.local_value = local.value.value, .checked = local.value.checked};
  if (result.kind == CoreRelocationKind::local_type_id) {
    result.target = result.local;
    change.target_value = result.target_value = local.value.value;
    return change;
  }
  const Result<Found> found = search(result, local);
  if (!found) return found.error();
  if (!found->match) {
    result.reason = to_string(found->mismatch);
    change.target_value = result.target_value = core_value_without_match(result.kind);
    return change;
  }
  const auto& [spec, value] = *found->match;
  result.target = in_words(spec);
  result.target_btf = static_cast<std::size_t>(
      std::find(targets_.begin(), targets_.end(), spec.btf) - targets_.begin());
  change.target_value = result.target_value = value.value;
  change.local_bytes = local.value.access_bytes;
  change.target_bytes = value.access_bytes;
  change.resizable =
      change.local_bytes == change.target_bytes || resizable(local.spec, local.value, spec, value);
  return change;
}

Result<Found> Relocator::search(CoreResult& result, const Valued& local) {
  if (local_.type(local.spec.root).value_or(BtfType{}).name.empty()) {
    return Error{"a type without a name cannot be looked for"};
  }
  const Result<std::vector<CoreCandidate>*> all = candidates(local.spec.root);
  if (!all) return all.error();
  result.candidates = (*all)->size();
  Found found;
  std::vector<CoreCandidate> matching;
  bool ambiguous = false;
  for (const CoreCandidate& candidate : **all) {
    Result<CoreMatch> match = match_core_spec(local.spec, *candidate.btf, candidate.id, budget_);
    if (!match) return std::move(match).error();
    if (const auto* mismatch = std::get_if<CoreMismatch>(&*match)) {
      found.mismatch = std::max(found.mismatch, *mismatch);
      continue;
    }
    CoreSpec& spec = std::get<CoreSpec>(*match);
    const Result<CoreValue> value = core_value(spec, options_.rules);
    if (!value) return value.error();
    Valued valued{std::move(spec), *value};
    matching.push_back(candidate);
    if (found.match)
      ambiguous = ambiguous || !same_decision(*found.match, valued);
    else
      found.match = std::move(valued);
  }
  if (ambiguous) return Error{fmt::format("ambiguous: {} candidates differ", matching.size())};
  if (!matching.empty()) **all = std::move(matching);
  return found;
}

Result<std::vector<CoreCandidate>*> Relocator::candidates(BtfId type) {
  const auto known = candidates_.find(type);
  if (known != candidates_.end()) return &known->second;
  Result<std::vector<CoreCandidate>> all = core_candidates(local_, type, targets_, budget_);
  if (!all) return std::move(all).error();
  return &candidates_.emplace(type, *std::move(all)).first->second;
}

}  // namespace

Result<std::vector<CoreResult>> relocate(const ElfFile& elf, const Btf& local, const BtfExt& ext,
                                         const std::vector<const Btf*>& targets,
                                         const CoreOptions& options) {
  if (ext.relocations.size() > kMaxRelocations) {
    return Error{fmt::format("more than {} CO-RE relocations", kMaxRelocations)};
  }
  Relocator relocator(elf, local, targets, options);
  std::vector<CoreResult> results;
  results.reserve(ext.relocations.size());
  for (const CoreRelocation& relocation : ext.relocations) {
    results.push_back(relocator.next(relocation));
  }
  return results;
}

}  // namespace bpfmatrix
