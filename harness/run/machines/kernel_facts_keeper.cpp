#include "run/machines/kernel_facts_keeper.h"

#include <fmt/format.h>

#include "base/file.h"
#include "run/machines/kernel_probe.h"

namespace bpfmatrix {

namespace {

std::optional<KeptFacts> find_facts(const Store& store, const Kernel& kernel) {
  const Result<std::filesystem::path> path = kept_facts_path(store, kernel);
  if (!path) return std::nullopt;
  Result<KeptFacts> facts = read_kept_facts(*path);
  return facts ? std::optional(*std::move(facts)) : std::nullopt;
}

}  // namespace

std::optional<KernelFacts> kept_facts(const Store& store, const Kernel& kernel) {
  std::optional<KeptFacts> kept = find_facts(store, kernel);
  return kept ? std::optional(std::move(kept->facts)) : std::nullopt;
}

Result<KernelFacts> learn_kernel(const Store& store, const Kernel& kernel, Session& session) {
  if (std::optional<KernelFacts> kept = kept_facts(store, kernel)) return *std::move(kept);
  Result<KernelFacts> facts = probe_kernel(kernel, session);
  if (!facts) return facts;
  const Result<std::filesystem::path> path = kept_facts_path(store, kernel);
  if (!path) return path.error();
  std::error_code error;
  std::filesystem::create_directories(path->parent_path(), error);
  if (error) return file_error(path->parent_path(), error);
  if (Result<> kept = write_file(*path, pack(*facts).gzip); !kept) return std::move(kept).error();
  return facts;
}

Result<> KernelFactsKeeper::learn(const Kernel& kernel, const Ask& ask) {
  Entry& one = entry(kernel.id);
  const std::lock_guard lock(one.mutex);
  if (std::exchange(one.asked, true)) return {};
  Result<Known> known = keep(kernel, ask);
  if (!known) return std::move(known).error();
  one.known = *std::move(known);
  return {};
}

Result<KernelFactsKeeper::Known> KernelFactsKeeper::keep(const Kernel& kernel,
                                                         const Ask& ask) const {
  std::optional<KeptFacts> kept = find_facts(store_, kernel);
  if (!kept) {
    Result<KernelFacts> facts = ask();
    if (!facts) return std::move(facts).error();
    PackedFacts packed = pack(*facts);
    kept = KeptFacts{*std::move(facts), std::move(packed)};
  }
  return hand_over(*std::move(kept));
}

Result<KernelFactsKeeper::Known> KernelFactsKeeper::hand_over(KeptFacts facts) const {
  Result<std::string> sha256 = keep_(facts.packed);
  if (!sha256) return std::move(sha256).error();
  return Known{std::move(facts.facts), *std::move(sha256)};
}

const KernelFactsKeeper::Known* KernelFactsKeeper::recall(const Kernel& kernel) {
  Entry& one = entry(kernel.id);
  const std::lock_guard lock(one.mutex);
  std::optional<KeptFacts> kept = one.asked ? std::nullopt : find_facts(store_, kernel);
  if (kept) {
    Result<Known> known = hand_over(*std::move(kept));
    if (known) one.known = *std::move(known);
    one.asked = one.known.has_value();
  }
  return one.known ? &*one.known : nullptr;
}

const KernelFactsKeeper::Known* KernelFactsKeeper::find(const std::string& kernel_id) {
  Entry& one = entry(kernel_id);
  const std::lock_guard lock(one.mutex);
  return one.known ? &*one.known : nullptr;
}

KernelFactsKeeper::Entry& KernelFactsKeeper::entry(const std::string& kernel_id) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Entry>& one = entries_[kernel_id];
  if (!one) one = std::make_unique<Entry>();
  return *one;
}

}  // namespace bpfmatrix
