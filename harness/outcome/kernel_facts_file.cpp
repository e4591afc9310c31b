#include "outcome/kernel_facts_file.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/gzip.h"
#include "base/parallel.h"
#include "base/sha256.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxTextBytes = 256 << 20;

}  // namespace

PackedFacts pack(const KernelFacts& facts) {
  const std::string text = to_text(facts);
  return {sha256_hex(text), gzip(text)};
}

Result<KernelFacts> read_kernel_facts(const std::filesystem::path& file) {
  Result<KeptFacts> kept = read_kept_facts(file);
  if (!kept) return std::move(kept).error();
  return std::move(kept->facts);
}

Result<KeptFacts> read_kept_facts(const std::filesystem::path& file) {
  Result<std::string> bytes = read_file(file, kMaxTextBytes);
  if (!bytes) return std::move(bytes).error();
  const Result<std::string> text = gunzip(*bytes, kMaxTextBytes);
  if (!text) return wrap(fmt::format("'{}'", file.string()), text.error());
  const Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();
  Result<KernelFacts> facts = kernel_facts_from_json(*json, file.string());
  if (!facts) return std::move(facts).error();
  return KeptFacts{*std::move(facts), {sha256_hex(*text), *std::move(bytes)}};
}

std::filesystem::path kernel_facts_path(const std::filesystem::path& run_dir,
                                        const std::string& sha256) {
  return run_dir / "kernels" / (sha256 + ".json.gz");
}

void RunKernels::read_ahead(const std::vector<Outcome>& outcomes) {
  std::vector<decltype(facts_)::iterator> unread;
  for (const Outcome& outcome : outcomes) {
    if (!is_sha256(outcome.kernel.facts)) continue;
    const auto [entry, is_new] = facts_.emplace(outcome.kernel.facts, nullptr);
    if (is_new) unread.push_back(entry);
  }
  for_each_at_once(unread.size(), cores_here(),
                   [&](std::size_t i) { unread[i]->second = read(unread[i]->first); });
}

const KernelFacts* RunKernels::of(const Outcome& outcome) {
  const std::string& sha256 = outcome.kernel.facts;
  if (!is_sha256(sha256)) return nullptr;
  const auto known = facts_.find(sha256);
  if (known != facts_.end()) return known->second.get();
  return facts_.emplace(sha256, read(sha256)).first->second.get();
}

std::unique_ptr<const KernelFacts> RunKernels::read(const std::string& sha256) const {
  Result<KernelFacts> facts = read_kernel_facts(kernel_facts_path(run_dir_, sha256));
  return facts ? std::make_unique<const KernelFacts>(*std::move(facts)) : nullptr;
}

}  // namespace bpfmatrix
