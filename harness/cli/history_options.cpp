#include "cli/history_options.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>

#include "base/sha256.h"
#include "cli/known_kernels.h"
#include "cli/talk.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr const char* kHistoryName = "history.db";
constexpr const char* kHistoryVariable = "BPFMATRIX_HISTORY";
/// Cells that are not as expected, of which it is looked up whether they were so before: what is
/// held of them stays small.
constexpr std::size_t kMaxNoted = 20'000;

/// What of a run is kept is made of this: where it is the same, nothing has to be kept anew.
std::string content_of(const std::string& run_dir, const VerdictSummary& summary) {
  struct stat info {};
  ::stat((fs::path(run_dir) / "outcomes.jsonl").c_str(), &info);
  std::string text =
      fmt::format("{} {} {}", info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  for (const auto& [verdict, count] : summary.counts)
    text += fmt::format("\n{} {}", to_string(verdict), count);
  for (const JudgedCell& cell : summary.notable)
    text += fmt::format("\n{} {}", cell.cell, to_string(cell.verdict.verdict));
  return sha256_hex(text);
}

}  // namespace

void add_history_options(CLI::App& command, HistoryOptions& options) {
  CLI::Option* file =
      command
          .add_option("--history", options.file,
                      "File that keeps what runs came to; default: history.db of the store")
          ->type_name("FILE");
  command
      .add_flag("--no-history{false}", options.wanted,
                "Neither look into the history nor add to it")
      ->excludes(file);
}

Result<std::optional<fs::path>> history_file_of(const HistoryOptions& options) {
  if (!options.wanted) return std::optional<fs::path>();
  if (!options.file.empty()) return std::optional<fs::path>(options.file);
  if (const char* chosen = std::getenv(kHistoryVariable); chosen != nullptr)
    return *chosen == '\0' ? std::optional<fs::path>() : std::optional<fs::path>(chosen);
  const Result<Store> store = open_store("");
  if (!store) return store.error();
  return std::optional<fs::path>(store->root() / kHistoryName);
}

Result<> check_history(const HistoryOptions& options) {
  if (options.file.empty() || !options.wanted) return {};
  const auto file = HistoryFile::open(options.file, HistoryFile::For::writing);
  return file ? Result<>() : Result<>(file.error());
}

RunHistory::RunHistory(const HistoryOptions& options, const RunSpec* asked, std::string run_dir)
    : options_(options) {
  is_wanted_ = options.wanted && asked != nullptr && asked->id;
  if (!is_wanted_) return;
  std::error_code none;
  run_ = {.id = *asked->id,
          .started = asked->started.value_or(0),
          .dir = valid_text(fs::absolute(run_dir, none).lexically_normal().string())};
}

void RunHistory::give_up(const Error& error) {
  is_wanted_ = false;
  file_.reset();
  say_error(wrap("history", error));
}

HistoryFile* RunHistory::open(HistoryFile::For what) {
  if (!is_wanted_) return nullptr;
  const auto path = history_file_of(options_);
  if (!path || !*path) {
    is_wanted_ = false;
    return nullptr;
  }
  std::error_code none;
  if (what == HistoryFile::For::reading && !fs::exists(**path, none)) return nullptr;
  Result<HistoryFile> file = HistoryFile::open(**path, what);
  if (!file) {
    give_up(file.error());
    return nullptr;
  }
  file_.emplace(*std::move(file));
  return &*file_;
}

void RunHistory::note(const JudgedCell& cell, const Outcome& outcome, RunKernels& kernels) {
  if (!is_wanted_ || !is_bad_news(cell.verdict.verdict) || noted_.size() >= kMaxNoted) return;
  std::optional<CellState> state = cell_state(outcome, kernels.of(outcome));
  if (state) noted_.emplace(outcome.cell, *std::move(state));
}

void RunHistory::mark(std::vector<RootCause>& roots) {
  if (roots.empty() || noted_.empty()) return;
  HistoryFile* file = open(HistoryFile::For::reading);
  if (file == nullptr) return;
  std::optional<Error> trouble;
  mark_seen(roots, noted_, [&](const std::string& cell) {
    Result<std::vector<HistoryEntry>> known =
        trouble ? Result<std::vector<HistoryEntry>>(*trouble) : file->of_cell(cell);
    if (!known) {
      trouble = known.error();
      return std::vector<HistoryEntry>();
    }
    std::erase_if(*known, [&](const HistoryEntry& entry) {
      return entry.run.id == run_.id || entry.run.started > run_.started;
    });
    return *std::move(known);
  });
  if (!trouble) return;
  for (RootCause& root : roots) root.seen.clear();
  give_up(*trouble);
}

void RunHistory::keep(const Cells& cells, const VerdictSummary& summary, RunKernels& kernels) {
  HistoryFile* file = open(HistoryFile::For::writing);
  if (file == nullptr) return;
  std::map<std::string_view, Verdict> notable;
  for (const JudgedCell& cell : summary.notable) notable.emplace(cell.cell, cell.verdict.verdict);
  const auto verdict_of_cell = [&](const std::string& cell) {
    const auto found = notable.find(cell);
    return found == notable.end() ? Verdict::as_expected : found->second;
  };
  const Result<> kept =
      file->keep(run_, content_of(run_.dir, summary), [&](const HistoryFile::CellTaker& take) {
        return cells([&](const std::vector<Outcome>& part) {
          for (const Outcome& outcome : part)
            take(history_cell(outcome, verdict_of_cell(outcome.cell), kernels.of(outcome)));
        });
      });
  if (!kept) give_up(kept.error());
}

}  // namespace bpfmatrix
