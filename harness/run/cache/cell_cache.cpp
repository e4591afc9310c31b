#include "run/cache/cell_cache.h"

#include "base/file.h"
#include "base/gzip.h"
#include "base/sha256.h"
#include "outcome/conclusive.h"
#include "outcome/outcome_fields.h"
#include "run/machines/kernel_probe.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxLoaderLog = 64 << 20;
constexpr std::uint64_t kMaxFactsBytes = 64 << 20;

std::optional<Outcome> outcome_of(const KeptOutcome& kept) {
  const Result<Json> json = parse_json(kept.line, kept.cell);
  if (!json) return std::nullopt;
  Result<Outcome> outcome = outcome_from_json(*json, kept.cell);
  return outcome ? std::optional(*std::move(outcome)) : std::nullopt;
}

KeptText text_of(const std::string& plain) { return {sha256_hex(plain), gzip(plain)}; }

}  // namespace

CellCache::CellCache(const RunSettings& settings, RunDir& dir, std::string isolation,
                     Machine machine, OutcomeCache::Say say)
    : settings_(settings),
      dir_(dir),
      isolation_(std::move(isolation)),
      machine_(std::move(machine)),
      say_(std::move(say)) {}

CellCache::~CellCache() {
  if (!cache_) return;
  cache_->mark_used(recalled_);
  cache_->keep_within(CacheLimits());
}

bool CellCache::serves() {
  if (!settings_.cache) return false;
  std::call_once(opened_, [this] { open(); });
  return !recorder_.empty() && cache_->serves();
}

void CellCache::open() {
  if (Result<std::string> hash = recorder_hash()) recorder_ = *std::move(hash);
  cache_ = std::make_unique<OutcomeCache>(settings_.fetch.store, say_);
}

const std::optional<OutcomeKey>& CellCache::kernel_key(const Kernel& kernel) {
  std::unique_lock lock(mutex_);
  KernelKey& of_kernel = kernels_[kernel.id];
  lock.unlock();
  std::call_once(of_kernel.asked, [&] { of_kernel.key = find_kernel_key(kernel); });
  return of_kernel.key;
}

std::optional<OutcomeKey> CellCache::find_kernel_key(const Kernel& kernel) const {
  const Result<std::string> machine = machine_(kernel);
  const Result<std::filesystem::path> facts = kept_facts_path(settings_.fetch.store, kernel);
  if (!machine || !facts) return std::nullopt;
  return OutcomeKey{.machine = *machine,
                    .isolation = isolation_,
                    .facts = facts->filename().string(),
                    .recorder = recorder_};
}

std::optional<std::string> CellCache::key_of(const CellInput& input) {
  const std::optional<OutcomeKey>& of_kernel = kernel_key(*input.kernel);
  if (!of_kernel) return std::nullopt;
  OutcomeKey key = *of_kernel;
  key.input = &input;
  Result<std::string> hash = to_string(key);
  return hash ? std::optional(*std::move(hash)) : std::nullopt;
}

std::optional<Outcome> CellCache::recall(const CellInput& input) {
  if (!serves()) return std::nullopt;
  std::optional<std::string> key = key_of(input);
  if (!key) return std::nullopt;
  const std::optional<KeptOutcome> kept = cache_->find(*key);
  std::optional<Outcome> outcome = kept ? outcome_of(*kept) : std::nullopt;
  if (outcome && outcome->cell == input.cell->id() && restore(*outcome, kept->loader_log)) {
    outcome->vm.cached = true;
    const std::lock_guard lock(mutex_);
    recalled_.push_back(*std::move(key));
    return outcome;
  }
  const std::lock_guard lock(mutex_);
  keys_.emplace(input.cell->id(), *std::move(key));
  return std::nullopt;
}

bool CellCache::restore(const Outcome& outcome, const std::string& loader_log) {
  if (!restore_facts(outcome.kernel.facts)) return false;
  for (const ProgramOutcome& program : outcome.programs) {
    const std::string& log = program.load.log_sha256;
    if (!log.empty() && !restore_log(log)) return false;
  }
  if (loader_log.empty()) return true;
  const std::optional<KeptText> text = cache_->text(loader_log);
  const Result<std::string> plain =
      text ? gunzip(text->gzip, kMaxLoaderLog) : Result<std::string>(Error{});
  return plain && dir_.restore_loader_log(outcome.cell, *plain);
}

bool CellCache::restore_facts(const std::string& sha256) {
  if (dir_.has_facts(sha256)) return true;
  const std::optional<KeptText> text = cache_->text(sha256);
  return text && dir_.restore_facts({sha256, text->gzip});
}

bool CellCache::restore_log(const std::string& sha256) {
  if (dir_.has_log(sha256)) return true;
  const std::optional<KeptText> text = cache_->text(sha256);
  return text && dir_.restore_log(sha256, text->gzip);
}

void CellCache::keep(const CellResult& result) {
  const Outcome& outcome = result.outcome;
  const auto key = keys_.find(outcome.cell);
  // A notice is about something that is not as it should be.
  if (!cache_ || key == keys_.end() || !inconclusive(outcome).empty() || !result.notices.empty())
    return;
  std::vector<KeptText> texts{{outcome.kernel.facts, ""}};
  if (!cache_->has_text(outcome.kernel.facts)) {
    Result<std::string> facts =
        read_file(kernel_facts_path(dir_.path(), outcome.kernel.facts), kMaxFactsBytes);
    if (!facts) return;
    texts.back().gzip = *std::move(facts);
  }
  for (const auto& [program, log] : result.logs) texts.push_back(text_of(log));
  KeptOutcome kept{outcome.cell, to_line(outcome), ""};
  if (!result.loader_log.empty()) {
    texts.push_back(text_of(result.loader_log));
    kept.loader_log = texts.back().sha256;
  }
  cache_->keep(key->second, kept, texts);
}

}  // namespace bpfmatrix
