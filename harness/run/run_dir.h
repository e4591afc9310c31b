// The directory a run leaves behind: everything right of it reads only this.
//
//     run.json            what was asked: the matrix and the cells it came to
//     outcomes.jsonl      one line a finished cell, written and synced at once; locked (flock) by
//                         the process that runs
//     logs/SHA256.log.gz  verifier logs, by the hash of their text
//     kernels/SHA256.json.gz  what is known of a kernel, by the hash of its text (kernel_facts.h)
//     console/KERNEL-N.log  what the N-th VM of a kernel printed
//     loader/CELL.log     what a loader wrote to standard error, '/' in the cell's id as '+'
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "matrix/matrix_spec.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// How a run was asked to be done.
struct RunOptions {
  std::string accel = "auto";
  int cell_timeout_s = 0;
  int boot_timeout_s = 0;
  bool cache = true;
  std::string isolation = "cell";
  int cold_check = 0;
};

/// What a run was asked to do, as far as `--resume` needs it.
struct RunSpec {
  MatrixSpec matrix{};
  /// `--object FILE`s, as absolute paths; empty: the suite's cases.
  std::vector<std::string> objects{};
  /// Ids of all planned cells.
  std::vector<std::string> cells{};
  std::optional<RunOptions> options{};
};

class RunDir {
 public:
  /// Makes the directory and writes run.json. Error: it holds a run already (see resume), or cannot
  /// be made.
  static Result<RunDir> create(const std::filesystem::path& path, const RunSpec& request);
  /// Goes on with the run in `path`: a last line cut short is dropped, and files that were being
  /// written when it was killed are removed. Error: there is none, or another process is at it.
  static Result<RunDir> resume(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const RunSpec& request() const { return request_; }
  /// Cells that have an outcome already.
  const std::set<std::string>& finished() const { return finished_; }

  /// Appends one line and syncs it. Safe from several threads.
  Result<> append(const Outcome& outcome);
  /// Appends the lines of outcomes that were known before, with one sync for all of them and all
  /// that was restored.
  Result<> append_known(const std::vector<Outcome>& outcomes);
  /// What outcomes of an earlier run refer to, as it was kept there; not synced.
  bool has_log(const std::string& sha256) const;
  Result<> restore_log(const std::string& sha256, std::string_view gzip);
  bool has_facts(const std::string& sha256) const;
  Result<> restore_facts(const PackedFacts& facts);
  Result<> restore_loader_log(const std::string& cell, const std::string& text);
  /// Keeps a verifier log, compressed; gives the hash of its text. Safe from several threads.
  Result<std::string> keep_log(const std::string& text);
  /// Keeps what is known of a kernel; gives the hash it is known by. Safe from several threads.
  Result<std::string> keep_facts(const PackedFacts& facts);
  Result<> keep_loader_log(const std::string& cell, const std::string& text);
  /// The console of a machine that only this cell had.
  Result<> keep_console(const std::string& cell, const std::string& text);
  std::filesystem::path console_log(const std::string& kernel_id, int vm_number) const;

 private:
  RunDir(std::filesystem::path path, RunSpec request, Fd outcomes);
  Result<> append_lines(std::string_view lines);
  std::filesystem::path log_path(const std::string& sha256) const;
  std::filesystem::path loader_log_path(const std::string& cell) const;

  std::filesystem::path path_{};
  RunSpec request_{};
  std::set<std::string> finished_{};
  Fd outcomes_{};
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

/// Reads run.json. Error: there is none, or it is not ours.
Result<RunSpec> read_run_spec(const std::filesystem::path& run_dir);

/// JSON Schema of run.json.
OrderedJson run_schema();

/// The text of logs/SHA256.log.gz. Error: there is none, or it is more than 64 MiB.
Result<std::string> read_log(const std::filesystem::path& run_dir, const std::string& sha256);

}  // namespace bpfmatrix
