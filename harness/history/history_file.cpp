#include "history/history_file.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/json_fields.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

void fields(auto& field, Of<ProgramState> auto& s) {
  field("program", s.program);
  field("sign", s.sign);
  field("cause", s.cause);
  field("symbol", s.symbol);
  field("wrong", s.wrong);
  field("poisoned", s.poisoned);
  field("insns", s.insns);
  field("stack", s.stack);
  field("size", s.size);
}

namespace {

/// "bpfh": says that the file is ours.
constexpr std::int64_t kHistoryApplication = 0x62706668;
/// To be raised when the tables change; a file of an older version is then brought up to date.
constexpr std::int64_t kHistoryVersion = 1;
constexpr std::uint64_t kMaxHistoryBytes = 1ULL << 40;

constexpr const char* kHistoryTables = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, started INTEGER NOT NULL,
    dir TEXT NOT NULL, content TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS cells (
    run INTEGER NOT NULL, cell TEXT NOT NULL, case_id TEXT NOT NULL, kernel TEXT NOT NULL,
    release TEXT NOT NULL, arch TEXT NOT NULL, btf TEXT NOT NULL, loader TEXT NOT NULL,
    object TEXT NOT NULL, object_sha256 TEXT NOT NULL, verdict TEXT NOT NULL,
    problem TEXT NOT NULL, programs TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS by_cell ON cells (cell);
  CREATE INDEX IF NOT EXISTS by_case ON cells (case_id);
  CREATE INDEX IF NOT EXISTS by_run ON cells (run);
  PRAGMA application_id = 1651533416;
  PRAGMA user_version = 1;
  COMMIT;
)";
static_assert(kHistoryApplication == 1651533416 && kHistoryVersion == 1, "the tables say the same");

constexpr const char* kKeepInstead = "choose another file: --history FILE, or none: --no-history";

/// What `database` is, if it is not a history that can be used.
Result<> check_is_ours(const fs::path& file, Database& database) {
  const std::int64_t application = database.number("PRAGMA application_id");
  const std::int64_t version = database.number("PRAGMA user_version");
  if (const auto& trouble = database.trouble()) {
    const bool damaged = trouble->kind == TroubleKind::damaged;
    return file_error(
        file, Error{fmt::format("{} ({})", damaged ? "damaged, or no history" : "cannot be used",
                                trouble->message),
                    kKeepInstead});
  }
  if (application != kHistoryApplication)
    return file_error(file, Error{"a database of another program", kKeepInstead});
  if (version > kHistoryVersion) {
    return file_error(file, Error{fmt::format("written by a newer version of bpfmatrix (schema {}, "
                                              "this one knows {})",
                                              version, kHistoryVersion),
                                  kKeepInstead});
  }
  return {};
}

HistoryEntry entry_of(const Query& row) {
  HistoryEntry entry;
  entry.run = {.id = row.bytes(0), .started = row.number(1), .dir = row.bytes(2)};
  entry.cell = {.cell = row.bytes(3),
                .case_id = row.bytes(4),
                .kernel = row.bytes(5),
                .release = row.bytes(6),
                .arch = row.bytes(7),
                .btf = row.bytes(8),
                .loader = row.bytes(9),
                .object = row.bytes(10),
                .object_sha256 = row.bytes(11),
                .problem = row.bytes(13)};
  return entry;
}

constexpr const char* kOfCell =
    "SELECT id, started, dir, cell, case_id, kernel, release, arch, btf, loader, object, "
    "object_sha256, verdict, problem, programs FROM cells JOIN runs ON runs.number = cells.run "
    "WHERE cell = ? ORDER BY started, runs.number";
constexpr const char* kOfCase =
    "SELECT id, started, dir, cell, case_id, kernel, release, arch, btf, loader, object, "
    "object_sha256, verdict, problem, programs FROM cells JOIN runs ON runs.number = cells.run "
    "WHERE case_id = ? ORDER BY started, runs.number";

}  // namespace

HistoryFile::HistoryFile(fs::path file, std::unique_ptr<Database> database)
    : file_(std::move(file)), database_(std::move(database)) {}

Result<HistoryFile> HistoryFile::open(const fs::path& file, For what,
                                      std::chrono::milliseconds patience) {
  std::error_code none;
  const bool is_there = fs::exists(fs::symlink_status(file, none));
  if (!is_there && what == For::reading)
    return file_error(file, Error{"there is no history yet", "'bpfmatrix run' begins it"});
  if (is_there) {
    // A FIFO or a device would block, or worse.
    if (const Result<Fd> regular = open_file(file, kMaxHistoryBytes); !regular)
      return regular.error();
  } else {
    fs::create_directories(file.parent_path(), none);
  }
  const bool is_new = !is_there || fs::file_size(file, none) == 0;
  auto database = std::make_unique<Database>(file, patience);
  // Another process may be making them, too.
  if (is_new && what == For::writing) database->run(kHistoryTables);
  if (is_new && what == For::reading)
    return file_error(file, Error{"there is no history yet", "'bpfmatrix run' begins it"});
  if (Result<> ours = check_is_ours(file, *database); !ours) return std::move(ours).error();
  return HistoryFile(file, std::move(database));
}

Error HistoryFile::trouble() const {
  const DatabaseTrouble found = database_->trouble().value_or(DatabaseTrouble{});
  const char* what = found.kind == TroubleKind::damaged ? "damaged"
                     : found.kind == TroubleKind::busy  ? "another process keeps it locked"
                                                        : "cannot be used";
  return file_error(file_, Error{fmt::format("{} ({})", what, found.message), kKeepInstead});
}

Result<> HistoryFile::keep(const HistoryRun& run, const std::string& content,
                           const std::function<Result<>(const CellTaker&)>& cells) {
  {
    Query same(*database_, "SELECT 1 FROM runs WHERE id = ? AND content = ?",
               {std::string_view(run.id), std::string_view(content)});
    if (same.next()) return {};
  }
  Transaction all(*database_);
  Statement(*database_, "DELETE FROM cells WHERE run = (SELECT number FROM runs WHERE id = ?)")
      .run({std::string_view(run.id)});
  Statement(*database_, "DELETE FROM runs WHERE id = ?").run({std::string_view(run.id)});
  Statement(*database_, "INSERT INTO runs (id, started, dir, content) VALUES (?, ?, ?, ?)")
      .run({std::string_view(run.id), run.started, std::string_view(run.dir),
            std::string_view(content)});
  const std::int64_t number = database_->number("SELECT last_insert_rowid()");
  Statement insert(*database_, "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  Result<> given = cells([&](const HistoryCell& one) {
    const std::string programs = to_json_text(one.programs);
    insert.run({number, std::string_view(one.cell), std::string_view(one.case_id),
                std::string_view(one.kernel), std::string_view(one.release),
                std::string_view(one.arch), std::string_view(one.btf), std::string_view(one.loader),
                std::string_view(one.object), std::string_view(one.object_sha256),
                to_string(one.verdict), std::string_view(one.problem), std::string_view(programs)});
  });
  if (!given) return given;
  all.commit();
  if (database_->trouble()) return trouble();
  return {};
}

Result<std::vector<HistoryEntry>> HistoryFile::entries(const char* query,
                                                       const std::string& name) const {
  std::vector<HistoryEntry> found;
  Query rows(*database_, query, {std::string_view(name)});
  while (rows.next()) {
    HistoryEntry entry = entry_of(rows);
    const auto verdict = parse_word<Verdict>(rows.bytes(12));
    Result<CellState> programs = from_json_text<CellState>(rows.bytes(14), entry.cell.cell);
    if (!verdict || !programs) {
      const std::string what = programs ? fmt::format("'{}': unknown verdict", entry.cell.cell)
                                        : programs.error().message;
      return file_error(file_, Error{fmt::format("damaged ({})", what), kKeepInstead});
    }
    entry.cell.verdict = *verdict;
    entry.cell.programs = *std::move(programs);
    found.push_back(std::move(entry));
  }
  if (database_->trouble()) return trouble();
  return found;
}

Result<std::vector<HistoryEntry>> HistoryFile::of_cell(const std::string& cell) const {
  return entries(kOfCell, cell);
}

Result<std::vector<HistoryEntry>> HistoryFile::of_case(const std::string& case_id) const {
  return entries(kOfCase, case_id);
}

Result<std::vector<std::string>> HistoryFile::names(const char* query) const {
  std::vector<std::string> names;
  Query rows(*database_, query, {});
  while (rows.next()) names.push_back(rows.bytes(0));
  if (database_->trouble()) return trouble();
  return names;
}

Result<std::vector<std::string>> HistoryFile::cells() const {
  return names("SELECT DISTINCT cell FROM cells ORDER BY cell");
}

Result<std::vector<std::string>> HistoryFile::cases() const {
  return names("SELECT DISTINCT case_id FROM cells ORDER BY case_id");
}

}  // namespace bpfmatrix
