// Transcripts of earlier runs, by the hash of all that they are a function of (key_of() in
// cell/transcript.h), in the database `transcripts.db` of a store; and, for an unchanged run, what
// was made of them. Any number of processes and threads share it.
//
// It may be lost at any time, and nothing but time is lost with it. So nothing here fails: a
// database that is damaged is set aside as transcripts.db.damaged-<n> and begun anew, one that is
// locked, full or unwritable is done without, and either is said once.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/database.h"
#include "kernels/store.h"

namespace bpfmatrix {

struct KeptTranscript {
  std::string cell{};
  /// As pack() gave it (cell/transcript.h).
  std::string packed{};
  /// What derive() was last given beside it, and what it made of it: a line of outcomes.jsonl
  /// without its end. Both empty: nothing is known.
  std::string context{};
  std::string line{};
};

struct CacheLimits {
  std::uint64_t max_bytes = std::uint64_t{1} << 30;
  /// Since its last use.
  std::chrono::hours max_age{24 * 60};
};

struct CacheStats {
  std::int64_t transcripts = 0;
  /// On the disk, but for what SQLite has not written back yet.
  std::int64_t bytes = 0;
  /// Of the transcripts alone.
  std::int64_t packed_bytes = 0;
  /// Seconds since 1970; 0 when there is no transcript.
  std::int64_t oldest_use = 0;
  std::int64_t latest_use = 0;
  /// Databases that were set aside and still lie there.
  int set_aside = 0;
};

struct CacheRemoved {
  std::int64_t transcripts = 0;
  std::int64_t bytes = 0;
};

class TranscriptCache {
 public:
  using Say = std::function<void(const std::string&)>;
  /// How long another process may keep the database locked before it is done without.
  static constexpr std::chrono::milliseconds kPatience{2000};

  TranscriptCache(Store store, Say say, std::chrono::milliseconds patience = kPatience);

  /// False: the database is done without, from now on or from the beginning.
  bool serves();
  std::optional<KeptTranscript> find(const std::string& key);
  /// In place of what was kept by this key.
  void keep(const std::string& key, const KeptTranscript& transcript);
  /// Puts off the day on which they are too old. For those that were found.
  void mark_used(const std::vector<std::string>& keys);

  CacheStats stats();
  /// Removes what was not used for too long, then the least recently used until the rest is small
  /// enough.
  CacheRemoved gc(const CacheLimits& limits);
  /// Does nothing while the database is smaller than the limit.
  void keep_within(const CacheLimits& limits);
  /// Reads every byte. What is wrong, one line each; then the database has been set aside.
  std::vector<std::string> verify();

  std::filesystem::path file() const { return store_.root() / "transcripts.db"; }

 private:
  void open();
  bool make_tables();
  /// Called after each use of the database: what trouble came of it, if any, ends here.
  void settle();
  void set_aside(const std::string& why);
  void do_without(const std::string& why);
  void say(const std::string& text);
  std::vector<std::string> check_transcripts();
  CacheRemoved remove_old(const CacheLimits& limits);

  Store store_;
  Say say_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_{};
  std::unique_ptr<Database> database_{};
  /// Of the file that is open: another process may have set it aside.
  std::uint64_t inode_ = 0;
  bool was_damaged_ = false;
};

}  // namespace bpfmatrix
