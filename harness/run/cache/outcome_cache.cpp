#include "run/cache/outcome_cache.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <ctime>
#include <set>

#include "base/gzip.h"
#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// "bpfm": says that the file is ours.
constexpr std::int64_t kApplication = 0x6270666d;
/// To be raised when the tables change: what was kept before is then set aside.
constexpr std::int64_t kVersion = 1;
constexpr std::uint64_t kMaxTextBytes = 256 << 20;
constexpr const char* kLock = "outcomes";
/// The last use is written down once a day: a run that finds everything writes nothing.
constexpr std::int64_t kUseIsFresh = 24 * 3600;

constexpr const char* kTables = R"(
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  BEGIN IMMEDIATE;
  CREATE TABLE outcomes (
    key TEXT PRIMARY KEY NOT NULL, cell TEXT NOT NULL, line TEXT NOT NULL,
    loader_log TEXT NOT NULL, sum TEXT NOT NULL, used INTEGER NOT NULL);
  CREATE INDEX by_use ON outcomes (used);
  CREATE TABLE texts (sha256 TEXT PRIMARY KEY NOT NULL, gzip BLOB NOT NULL);
  CREATE TABLE refers (
    key TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (key, sha256)) WITHOUT ROWID;
  CREATE INDEX by_text ON refers (sha256);
  PRAGMA application_id = 1651533421;
  PRAGMA user_version = 1;
  COMMIT;
)";
static_assert(kApplication == 1651533421 && kVersion == 1, "kTables says the same");

std::int64_t now() { return std::time(nullptr); }

std::string sum_of(const std::string& key, const KeptOutcome& outcome) {
  return sha256_hex(
      fmt::format("{}\n{}\n{}\n{}", key, outcome.cell, outcome.loader_log, outcome.line));
}

bool is_the_text(const KeptText& text) {
  const Result<std::string> plain = gunzip(text.gzip, kMaxTextBytes);
  return plain && sha256_hex(*plain) == text.sha256;
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

OutcomeCache::OutcomeCache(Store store, Say say, std::chrono::milliseconds patience)
    : store_(std::move(store)), say_(std::move(say)), patience_(patience) {
  const std::lock_guard guard(mutex_);
  if (Result<> prepared = store_.prepare(); prepared) {
    open();
  } else {
    do_without(prepared.error().message);
  }
}

void OutcomeCache::say(const std::string& text) {
  if (say_) say_(fmt::format("outcome cache: {}", text));
}

void OutcomeCache::do_without(const std::string& why) {
  database_.reset();
  say(fmt::format("'{}': {}: nothing is taken from it or kept in it", file().string(), why));
}

/// Making the tables and setting a damaged file aside is for one process at a time.
void OutcomeCache::open() {
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

bool OutcomeCache::make_tables() {
  database_->run(kTables);
  return !database_->trouble();
}

/// The lock is held. Once: what is damaged again at once is not worth another attempt.
void OutcomeCache::set_aside(const std::string& why) {
  database_.reset();
  if (was_damaged_) return do_without(why);
  was_damaged_ = true;
  if (inode_of(file()) == inode_) {
    const fs::path aside = move_aside(file());
    say(fmt::format("'{}': damaged ({}): set aside as '{}', and begun anew", file().string(), why,
                    aside.filename().string()));
  }
  database_ = std::make_unique<Database>(file(), patience_);
  inode_ = inode_of(file());
  if (database_->number("PRAGMA user_version") == 0) make_tables();
  database_->run("PRAGMA synchronous = NORMAL");
  if (const auto trouble = database_->trouble()) do_without(trouble->message);
}

void OutcomeCache::settle() {
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

bool OutcomeCache::serves() {
  const std::lock_guard guard(mutex_);
  return database_ != nullptr;
}

std::optional<KeptOutcome> OutcomeCache::find(const std::string& key) {
  const std::lock_guard guard(mutex_);
  if (!database_) return std::nullopt;
  std::optional<KeptOutcome> found;
  {
    Query row(*database_, "SELECT cell, line, loader_log, sum FROM outcomes WHERE key = ?",
              {std::string_view(key)});
    if (row.next()) {
      found = KeptOutcome{row.bytes(0), row.bytes(1), row.bytes(2)};
      if (row.bytes(3) != sum_of(key, *found)) {
        database_->call_damaged(
            fmt::format("the outcome of '{}' is not what was kept", found->cell));
        found.reset();
      }
    }
  }
  settle();
  return found;
}

std::optional<KeptText> OutcomeCache::read_text(const std::string& sha256) {
  Query row(*database_, "SELECT gzip FROM texts WHERE sha256 = ?", {std::string_view(sha256)});
  if (!row.next()) return std::nullopt;
  KeptText text{sha256, row.bytes(0)};
  if (is_the_text(text)) return text;
  database_->call_damaged(fmt::format("the text {} is not what was kept", sha256));
  return std::nullopt;
}

std::optional<KeptText> OutcomeCache::text(const std::string& sha256) {
  const std::lock_guard guard(mutex_);
  if (!database_) return std::nullopt;
  std::optional<KeptText> found = read_text(sha256);
  settle();
  return found;
}

bool OutcomeCache::has_text(const std::string& sha256) {
  const std::lock_guard guard(mutex_);
  if (!database_) return false;
  bool there = false;
  {
    Query row(*database_, "SELECT 1 FROM texts WHERE sha256 = ?", {std::string_view(sha256)});
    there = row.next();
  }
  settle();
  return there;
}

void OutcomeCache::keep(const std::string& key, const KeptOutcome& outcome,
                        const std::vector<KeptText>& texts) {
  const std::lock_guard guard(mutex_);
  // Another process has set it aside: what is kept in that file is never seen again.
  if (database_ && inode_of(file()) != inode_) open();
  if (!database_) return;
  {
    Transaction all(*database_);
    const std::string sum = sum_of(key, outcome);
    Query(*database_, "DELETE FROM refers WHERE key = ?", {std::string_view(key)}).next();
    Query(*database_, "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?, ?)",
          {std::string_view(key), std::string_view(outcome.cell), std::string_view(outcome.line),
           std::string_view(outcome.loader_log), std::string_view(sum), now()})
        .next();
    for (const KeptText& text : texts) {
      Query(*database_, "INSERT OR IGNORE INTO refers VALUES (?, ?)",
            {std::string_view(key), std::string_view(text.sha256)})
          .next();
      if (text.gzip.empty()) continue;  // it is there
      Query(*database_, "INSERT OR IGNORE INTO texts VALUES (?, ?)",
            {std::string_view(text.sha256), Bytes{text.gzip}})
          .next();
    }
    // Another process may have removed a text that was still there a moment ago.
    Query missing(*database_,
                  "SELECT 1 FROM refers WHERE key = ? AND sha256 NOT IN (SELECT sha256 FROM texts)",
                  {std::string_view(key)});
    if (!missing.next()) all.commit();
  }
  settle();
}

void OutcomeCache::mark_used(const std::vector<std::string>& keys) {
  const std::lock_guard guard(mutex_);
  if (!database_) return;
  const std::int64_t stale = now() - kUseIsFresh;
  std::vector<std::string_view> due;
  for (const std::string& key : keys) {
    Query row(*database_, "SELECT 1 FROM outcomes WHERE key = ? AND used < ?",
              {std::string_view(key), stale});
    if (row.next()) due.push_back(key);
  }
  if (!due.empty()) {
    Transaction all(*database_);
    for (const std::string_view key : due) {
      Query(*database_, "UPDATE outcomes SET used = ? WHERE key = ?", {now(), key}).next();
    }
    all.commit();
  }
  settle();
}

CacheStats OutcomeCache::stats() {
  const std::lock_guard guard(mutex_);
  CacheStats stats;
  stats.set_aside = count_set_aside(file());
  if (!database_) return stats;
  stats.outcomes = database_->number("SELECT count(*) FROM outcomes");
  stats.texts = database_->number("SELECT count(*) FROM texts");
  stats.text_bytes = database_->number("SELECT sum(length(gzip)) FROM texts");
  stats.oldest_use = database_->number("SELECT min(used) FROM outcomes");
  stats.latest_use = database_->number("SELECT max(used) FROM outcomes");
  stats.bytes = database_->number("PRAGMA page_count") * database_->number("PRAGMA page_size");
  settle();
  return stats;
}

CacheRemoved OutcomeCache::remove_old(const CacheLimits& limits) {
  Database& db = *database_;
  const std::int64_t before = db.number("SELECT count(*) FROM outcomes");
  const std::int64_t oldest = now() - std::chrono::seconds(limits.max_age).count();
  const std::int64_t page = db.number("PRAGMA page_size");
  const auto bytes = [&] {
    return page * (db.number("PRAGMA page_count") - db.number("PRAGMA freelist_count"));
  };
  const std::int64_t bytes_before = bytes();
  Transaction all(db);
  Query(db, "DELETE FROM outcomes WHERE used < ?", {oldest}).next();
  for (bool more = true; more && !db.trouble();) {
    db.run(
        "DELETE FROM refers WHERE key NOT IN (SELECT key FROM outcomes);"
        "DELETE FROM texts WHERE sha256 NOT IN (SELECT sha256 FROM refers)");
    const std::int64_t left = db.number("SELECT count(*) FROM outcomes");
    more = left > 0 && bytes() > static_cast<std::int64_t>(limits.max_bytes);
    // A tenth at a time: what one outcome takes up is not known, its texts are shared.
    if (more) {
      Query(db,
            "DELETE FROM outcomes WHERE key IN (SELECT key FROM outcomes ORDER BY used LIMIT ?)",
            {left / 10 + 1})
          .next();
    }
  }
  all.commit();
  return {before - db.number("SELECT count(*) FROM outcomes"), bytes_before - bytes()};
}

CacheRemoved OutcomeCache::gc(const CacheLimits& limits) {
  const std::lock_guard guard(mutex_);
  if (!database_) return {};
  const CacheRemoved removed = remove_old(limits);
  database_->run("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
  settle();
  return removed;
}

void OutcomeCache::keep_within(const CacheLimits& limits) {
  const CacheStats all = stats();
  if (all.bytes > static_cast<std::int64_t>(limits.max_bytes)) gc(limits);
}

std::vector<std::string> OutcomeCache::check_outcomes() {
  std::vector<std::string> findings;
  Query rows(*database_, "SELECT cell, line, loader_log, sum, key FROM outcomes", {});
  while (rows.next()) {
    const KeptOutcome outcome{rows.bytes(0), rows.bytes(1), rows.bytes(2)};
    if (rows.bytes(3) == sum_of(rows.bytes(4), outcome)) continue;
    findings.push_back(fmt::format("the outcome of '{}' is not what was kept", outcome.cell));
  }
  return findings;
}

std::vector<std::string> OutcomeCache::check_texts() {
  std::vector<std::string> findings;
  {
    Query rows(*database_, "SELECT sha256, gzip FROM texts", {});
    while (rows.next()) {
      if (is_the_text({rows.bytes(0), rows.bytes(1)})) continue;
      findings.push_back(fmt::format("the text {} is not what was kept", rows.bytes(0)));
    }
  }
  Query missing(*database_,
                "SELECT DISTINCT sha256 FROM refers WHERE sha256 NOT IN (SELECT sha256 FROM texts)",
                {});
  while (missing.next()) {
    findings.push_back(fmt::format("the text {} is missing", missing.bytes(0)));
  }
  return findings;
}

std::vector<std::string> OutcomeCache::verify() {
  const std::lock_guard guard(mutex_);
  if (!database_) return {};
  std::vector<std::string> findings;
  {
    Query rows(*database_, "PRAGMA integrity_check(20)", {});
    while (rows.next()) {
      if (const std::string said = rows.bytes(0); said != "ok") findings.push_back(said);
    }
  }
  for (auto& more : {check_outcomes(), check_texts()}) {
    findings.insert(findings.end(), more.begin(), more.end());
  }
  if (const auto& trouble = database_->trouble()) findings.push_back(trouble->message);
  if (!findings.empty()) database_->call_damaged(findings.front());
  settle();
  return findings;
}

}  // namespace bpfmatrix
