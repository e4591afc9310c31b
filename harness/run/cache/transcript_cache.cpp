#include "run/cache/transcript_cache.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <ctime>
#include <set>

#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// "bpfm": says that the file is ours.
constexpr std::int64_t kApplication = 0x6270666d;
/// To be raised when the tables change: what was kept before is then set aside.
constexpr std::int64_t kVersion = 1;
constexpr const char* kLock = "transcripts";
/// The last use is written down once a day: a run that finds everything writes nothing.
constexpr std::int64_t kUseIsFresh = 24 * 3600;

constexpr const char* kTables = R"(
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  BEGIN IMMEDIATE;
  CREATE TABLE transcripts (
    key TEXT PRIMARY KEY NOT NULL, cell TEXT NOT NULL, packed BLOB NOT NULL,
    context TEXT NOT NULL, line TEXT NOT NULL, sum TEXT NOT NULL, used INTEGER NOT NULL);
  CREATE INDEX by_use ON transcripts (used);
  PRAGMA application_id = 1651533421;
  PRAGMA user_version = 1;
  COMMIT;
)";
static_assert(kApplication == 1651533421 && kVersion == 1, "kTables says the same");

std::int64_t now() { return std::time(nullptr); }

std::string sum_of(const std::string& key, const KeptTranscript& transcript) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}", key, transcript.cell, transcript.context,
                                transcript.line, sha256_hex(transcript.packed)));
}

std::uint64_t inode_of(const fs::path& file) {
  struct stat info {};
  return ::stat(file.c_str(), &info) == 0 ? info.st_ino : 0;
}

/// The database and what SQLite keeps beside it.
constexpr std::array kSuffixes{"", "-wal", "-shm"};

fs::path damaged_name(const fs::path& file, int number) {
  return fmt::format("{}.damaged-{}", file.string(), number);
}

int count_set_aside(const fs::path& file) {
  int count = 0;
  std::error_code ignored;
  const std::string prefix = file.filename().string() + ".damaged-";
  for (const auto& entry : fs::directory_iterator(file.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name.starts_with(prefix) &&
                      name.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    if (ours) ++count;
  }
  return count;
}

/// Gives the new name. What SQLite had not written back goes along: it belongs to that file.
fs::path move_aside(const fs::path& file) {
  int number = 1;
  std::error_code ignored;
  while (fs::exists(damaged_name(file, number), ignored)) ++number;
  const fs::path aside = damaged_name(file, number);
  for (const char* suffix : kSuffixes) {
    fs::rename(file.string() + suffix, aside.string() + suffix, ignored);
  }
  return aside;
}

std::string advice(TroubleKind kind) {
  return kind == TroubleKind::busy ? "another process keeps it locked" : "it cannot be used";
}

}  // namespace

TranscriptCache::TranscriptCache(Store store, Say say, std::chrono::milliseconds patience)
    : store_(std::move(store)), say_(std::move(say)), patience_(patience) {
  const std::lock_guard guard(mutex_);
  if (Result<> prepared = store_.prepare(); prepared) {
    open();
  } else {
    do_without(prepared.error().message);
  }
}

void TranscriptCache::say(const std::string& text) {
  if (say_) say_(fmt::format("transcript cache: {}", text));
}

void TranscriptCache::do_without(const std::string& why) {
  database_.reset();
  say(fmt::format("'{}': {}: it is not used", file().string(), why));
}

/// Making the tables and setting a damaged file aside is for one process at a time.
void TranscriptCache::open() {
  const Result<StoreLock> lock = store_.lock(kLock, patience_, {});
  if (!lock) return do_without(lock.error().message);
  std::error_code ignored;
  const auto size = fs::file_size(file(), ignored);
  const bool fresh = ignored || size == 0;
  database_ = std::make_unique<Database>(file(), patience_);
  inode_ = inode_of(file());
  const bool ours = fresh ? make_tables()
                          : database_->number("PRAGMA application_id") == kApplication &&
                                database_->number("PRAGMA user_version") == kVersion;
  if (!ours) database_->call_damaged("not a database of this version of bpfmatrix");
  // Loses the last outcomes, and nothing else, when the power goes.
  database_->run("PRAGMA synchronous = NORMAL");
  const auto& trouble = database_->trouble();
  if (!trouble) return;
  const std::string why = trouble->message;
  if (trouble->kind != TroubleKind::damaged) {
    return do_without(fmt::format("{} ({})", advice(trouble->kind), why));
  }
  set_aside(why);
}

bool TranscriptCache::make_tables() {
  database_->run(kTables);
  return !database_->trouble();
}

/// The lock is held. Once: what is damaged again at once is not worth another attempt.
void TranscriptCache::set_aside(const std::string& why) {
  database_.reset();
  if (was_damaged_) return do_without(why);
  was_damaged_ = true;
  if (inode_of(file()) == inode_) {
    const fs::path aside = move_aside(file());
    say(fmt::format("'{}': damaged ({}): set aside as '{}'; a new one is begun", file().string(),
                    why, aside.filename().string()));
  }
  database_ = std::make_unique<Database>(file(), patience_);
  inode_ = inode_of(file());
  if (database_->number("PRAGMA user_version") == 0) make_tables();
  database_->run("PRAGMA synchronous = NORMAL");
  if (const auto trouble = database_->trouble()) do_without(trouble->message);
}

void TranscriptCache::settle() {
  if (!database_ || !database_->trouble()) return;
  const DatabaseTrouble trouble = *database_->trouble();
  if (trouble.kind != TroubleKind::damaged) {
    return do_without(fmt::format("{} ({})", advice(trouble.kind), trouble.message));
  }
  database_.reset();
  const Result<StoreLock> lock = store_.lock(kLock, patience_, {});
  if (!lock) return do_without(lock.error().message);
  set_aside(trouble.message);
}

bool TranscriptCache::serves() {
  const std::lock_guard guard(mutex_);
  return database_ != nullptr;
}

std::optional<KeptTranscript> TranscriptCache::find(const std::string& key) {
  const std::lock_guard guard(mutex_);
  if (!database_) return std::nullopt;
  std::optional<KeptTranscript> found;
  {
    Query row(*database_, "SELECT cell, packed, context, line, sum FROM transcripts WHERE key = ?",
              {std::string_view(key)});
    if (row.next()) {
      found = KeptTranscript{row.bytes(0), row.bytes(1), row.bytes(2), row.bytes(3)};
      if (row.bytes(4) != sum_of(key, *found)) {
        database_->call_damaged(fmt::format("the transcript of '{}' is damaged", found->cell));
        found.reset();
      }
    }
  }
  settle();
  return found;
}

void TranscriptCache::keep(const std::string& key, const KeptTranscript& transcript) {
  const std::lock_guard guard(mutex_);
  // Another process has set it aside: what is kept in that file is never seen again.
  if (database_ && inode_of(file()) != inode_) open();
  if (!database_) return;
  const std::string sum = sum_of(key, transcript);
  Query(*database_, "INSERT OR REPLACE INTO transcripts VALUES (?, ?, ?, ?, ?, ?, ?)",
        {std::string_view(key), std::string_view(transcript.cell), Bytes{transcript.packed},
         std::string_view(transcript.context), std::string_view(transcript.line),
         std::string_view(sum), now()})
      .next();
  settle();
}

void TranscriptCache::mark_used(const std::vector<std::string>& keys) {
  const std::lock_guard guard(mutex_);
  if (!database_) return;
  const std::int64_t stale = now() - kUseIsFresh;
  std::vector<std::string_view> due;
  for (const std::string& key : keys) {
    Query row(*database_, "SELECT 1 FROM transcripts WHERE key = ? AND used < ?",
              {std::string_view(key), stale});
    if (row.next()) due.push_back(key);
  }
  if (!due.empty()) {
    Transaction all(*database_);
    for (const std::string_view key : due) {
      Query(*database_, "UPDATE transcripts SET used = ? WHERE key = ?", {now(), key}).next();
    }
    all.commit();
  }
  settle();
}

CacheStats TranscriptCache::stats() {
  const std::lock_guard guard(mutex_);
  CacheStats stats;
  stats.set_aside = count_set_aside(file());
  if (!database_) return stats;
  stats.transcripts = database_->number("SELECT count(*) FROM transcripts");
  stats.packed_bytes = database_->number("SELECT sum(length(packed)) FROM transcripts");
  stats.oldest_use = database_->number("SELECT min(used) FROM transcripts");
  stats.latest_use = database_->number("SELECT max(used) FROM transcripts");
  stats.bytes = database_->number("PRAGMA page_count") * database_->number("PRAGMA page_size");
  settle();
  return stats;
}

CacheRemoved TranscriptCache::remove_old(const CacheLimits& limits) {
  Database& db = *database_;
  const std::int64_t before = db.number("SELECT count(*) FROM transcripts");
  const std::int64_t oldest = now() - std::chrono::seconds(limits.max_age).count();
  const std::int64_t page = db.number("PRAGMA page_size");
  const auto bytes = [&] {
    return page * (db.number("PRAGMA page_count") - db.number("PRAGMA freelist_count"));
  };
  const std::int64_t bytes_before = bytes();
  Transaction all(db);
  Query(db, "DELETE FROM transcripts WHERE used < ?", {oldest}).next();
  for (bool more = true; more && !db.trouble();) {
    const std::int64_t left = db.number("SELECT count(*) FROM transcripts");
    more = left > 0 && bytes() > static_cast<std::int64_t>(limits.max_bytes);
    // A tenth at a time.
    if (more) {
      Query(db,
            "DELETE FROM transcripts WHERE key IN (SELECT key FROM transcripts ORDER BY used LIMIT "
            "?)",
            {left / 10 + 1})
          .next();
    }
  }
  all.commit();
  return {before - db.number("SELECT count(*) FROM transcripts"), bytes_before - bytes()};
}

CacheRemoved TranscriptCache::gc(const CacheLimits& limits) {
  const std::lock_guard guard(mutex_);
  if (!database_) return {};
  const CacheRemoved removed = remove_old(limits);
  database_->run("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
  settle();
  return removed;
}

void TranscriptCache::keep_within(const CacheLimits& limits) {
  const CacheStats all = stats();
  if (all.bytes > static_cast<std::int64_t>(limits.max_bytes)) gc(limits);
}

std::vector<std::string> TranscriptCache::check_transcripts() {
  std::vector<std::string> findings;
  Query rows(*database_, "SELECT cell, packed, context, line, sum, key FROM transcripts", {});
  while (rows.next()) {
    const KeptTranscript kept{rows.bytes(0), rows.bytes(1), rows.bytes(2), rows.bytes(3)};
    if (rows.bytes(4) == sum_of(rows.bytes(5), kept)) continue;
    findings.push_back(fmt::format("the transcript of '{}' is damaged", kept.cell));
  }
  return findings;
}

std::vector<std::string> TranscriptCache::verify() {
  const std::lock_guard guard(mutex_);
  if (!database_) return {};
  std::vector<std::string> findings;
  {
    Query rows(*database_, "PRAGMA integrity_check(20)", {});
    while (rows.next()) {
      if (const std::string said = rows.bytes(0); said != "ok") findings.push_back(said);
    }
  }
  const std::vector<std::string> more = check_transcripts();
  findings.insert(findings.end(), more.begin(), more.end());
  if (const auto& trouble = database_->trouble()) findings.push_back(trouble->message);
  if (!findings.empty()) database_->call_damaged(findings.front());
  settle();
  return findings;
}

}  // namespace bpfmatrix
