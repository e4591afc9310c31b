// The transcripts of earlier runs for the cells of this one, and those of this run for later ones.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cell/derive.h"
#include "cell/run_cell.h"
#include "run/cache/transcript_cache.h"
#include "run/machines/guests.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/settings.h"

namespace bpfmatrix {

struct Recalled {
  std::string packed{};
  /// What this very build has made of it; nothing: it has to be derived.
  std::optional<Outcome> outcome{};
};

class CellCache {
 public:
  /// `facts` outlives it.
  CellCache(const RunSettings& settings, KernelFactsKeeper& facts, TranscriptCache::Say say);
  /// Forgets what is too old when the cache has grown too large.
  ~CellCache();
  CellCache(const CellCache&) = delete;
  CellCache& operator=(const CellCache&) = delete;

  /// If an earlier run has run this very cell in this very machine. Nothing also where the kernel's
  /// facts are not in the store yet. Safe from several threads, and before any call of keep().
  std::optional<Recalled> recall(const CellInput& input, Guests& guests);
  /// What was made of a transcript that recall() gave.
  void remember(const std::string& cell, const std::string& packed, const Outcome& outcome);
  /// Of a cell that recall() did not have. Keeps nothing that is not conclusive.
  /// Safe from several threads.
  void keep(const std::string& cell, const std::string& packed, const Derived& derived);

 private:
  struct Keys {
    std::string transcript{};
    std::string context{};
  };

  bool serves();
  void open();
  std::optional<Keys> keys_of(const CellInput& input, Guests& guests);
  std::optional<Keys> known_keys(const std::string& cell);

  const RunSettings& settings_;
  KernelFactsKeeper& facts_;
  TranscriptCache::Say say_;
  /// Opened by the first recall().
  std::once_flag opened_{};
  std::unique_ptr<TranscriptCache> cache_{};
  std::string build_{};
  /// Guards what follows.
  std::mutex mutex_{};
  /// By the cell's id.
  std::map<std::string, Keys> keys_{};
  std::vector<std::string> recalled_{};
};

}  // namespace bpfmatrix
