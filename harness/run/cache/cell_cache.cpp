#include "run/cache/cell_cache.h"

#include <fmt/format.h>

#include <utility>

#include "base/sha256.h"
#include "outcome/conclusive.h"
#include "outcome/outcome_fields.h"
#include "run/cache/build_id.h"

namespace bpfmatrix {

namespace {

std::optional<Outcome> outcome_of(const KeptTranscript& kept) {
  const Result<Json> json = parse_json(kept.line, kept.cell);
  if (!json) return std::nullopt;
  Result<Outcome> outcome = outcome_from_json(*json, kept.cell);
  return outcome ? std::optional(*std::move(outcome)) : std::nullopt;
}

/// What the case expects to be seen: derive() looks at it, the guest does not.
std::string truth_of(const CaseSpec& spec) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, value] : spec.truth) {
    std::visit([&, key = name](const auto& v) { json[key] = v; }, value);
  }
  return json_text(json);
}

}  // namespace

CellCache::CellCache(const RunSettings& settings, KernelFactsKeeper& facts,
                     TranscriptCache::Say say)
    : settings_(settings), facts_(facts), say_(std::move(say)) {}

CellCache::~CellCache() {
  if (!cache_) return;
  cache_->mark_used(recalled_);
  cache_->keep_within(CacheLimits());
}

bool CellCache::serves() {
  if (!settings_.cache) return false;
  std::call_once(opened_, [this] { open(); });
  return !build_.empty() && cache_->serves();
}

void CellCache::open() {
  if (Result<std::string> hash = build_hash()) build_ = *std::move(hash);
  cache_ = std::make_unique<TranscriptCache>(settings_.fetch.store, say_);
}

std::optional<CellCache::Keys> CellCache::keys_of(const CellInput& input, Guests& guests) {
  const Result<std::string> machine = guests.machine();
  if (!machine) return std::nullopt;
  const Result<TranscriptInputs> inputs =
      inputs_of(input, *machine, std::string(to_string(settings_.isolation)));
  if (!inputs) return std::nullopt;
  const KernelFactsKeeper::Known* known = facts_.recall(*input.kernel);
  const std::string context = fmt::format(
      "{}\n{}\n{}", build_, known != nullptr ? known->sha256 : "", truth_of(*input.spec));
  return Keys{key_of(*inputs), sha256_hex(context)};
}

std::optional<Recalled> CellCache::recall(const CellInput& input, Guests& guests) {
  if (!serves()) return std::nullopt;
  std::optional<Keys> keys = keys_of(input, guests);
  if (!keys) return std::nullopt;
  const std::string cell = input.cell->id();
  std::optional<KeptTranscript> kept;
  if (facts_.recall(*input.kernel) != nullptr) kept = cache_->find(keys->transcript);
  const std::lock_guard lock(mutex_);
  keys_.emplace(cell, *keys);
  if (!kept || kept->cell != cell) return std::nullopt;
  recalled_.push_back(keys->transcript);
  Recalled recalled{std::move(kept->packed), std::nullopt};
  if (kept->context == keys->context) recalled.outcome = outcome_of(*kept);
  return recalled;
}

std::optional<CellCache::Keys> CellCache::known_keys(const std::string& cell) {
  const std::lock_guard lock(mutex_);
  const auto keys = keys_.find(cell);
  return keys != keys_.end() ? std::optional(keys->second) : std::nullopt;
}

void CellCache::remember(const std::string& cell, const std::string& packed,
                         const Outcome& outcome) {
  const std::optional<Keys> keys = known_keys(cell);
  if (cache_ && keys)
    cache_->keep(keys->transcript, {cell, packed, keys->context, to_line(outcome)});
}

void CellCache::keep(const std::string& cell, const std::string& packed, const Derived& derived) {
  // A notice is about something that is not as it should be.
  if (!inconclusive(derived.outcome).empty() || !derived.notices.empty()) return;
  std::optional<Keys> keys = known_keys(cell);
  if (!cache_ || !keys) return;
  cache_->keep(keys->transcript, {cell, packed, keys->context, to_line(derived.outcome)});
}

}  // namespace bpfmatrix
