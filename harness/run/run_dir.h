// The directory a run leaves behind: everything right of it reads only this.
//
//     run.json            what was asked: the matrix and the cells it came to
//     outcomes.jsonl      one line a finished cell, written and synced at once
//     logs/SHA256.log.gz  verifier logs, by the hash of their text
//     kernels/SHA256.json.gz  what is known of a kernel, by the hash of its text (kernel_facts.h)
//     console/KERNEL-N.log  what the N-th VM of a kernel printed
//     loader/CELL.log     what a loader wrote to standard error, '/' in the cell's id as '+'
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "matrix/matrix_spec.h"
#include "outcome/kernel_facts_file.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// What a run was asked to do, as far as `--resume` needs it.
struct RunSpec {
  MatrixSpec matrix{};
  /// `--object FILE`s, as absolute paths; empty: the suite's cases.
  std::vector<std::string> objects{};
  /// Ids of all planned cells.
  std::vector<std::string> cells{};
};

class RunDir {
 public:
  /// Makes the directory and writes run.json. Error: it holds a run already (see resume), or cannot
  /// be made.
  static Result<RunDir> create(const std::filesystem::path& path, const RunSpec& request);
  /// Goes on with the run in `path`: a last line cut short is dropped. Error: there is none.
  static Result<RunDir> resume(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const RunSpec& request() const { return request_; }
  /// Cells that have an outcome already.
  const std::set<std::string>& finished() const { return finished_; }

  /// Appends one line and syncs it. Safe from several threads.
  Result<> append(const Outcome& outcome);
  /// Keeps a verifier log, compressed; gives the hash of its text. Safe from several threads.
  Result<std::string> keep_log(const std::string& text);
  /// Keeps what is known of a kernel; gives the hash it is known by. Safe from several threads.
  Result<std::string> keep_facts(const PackedFacts& facts);
  Result<> keep_loader_log(const std::string& cell, const std::string& text);
  std::filesystem::path console_log(const std::string& kernel_id, int vm_number) const;

 private:
  RunDir(std::filesystem::path path, RunSpec request, Fd outcomes);

  std::filesystem::path path_{};
  RunSpec request_{};
  std::set<std::string> finished_{};
  Fd outcomes_{};
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

/// Reads run.json. Error: there is none, or it is not ours.
Result<RunSpec> read_run_spec(const std::filesystem::path& run_dir);

/// The text of logs/SHA256.log.gz. Error: there is none, or it is more than 64 MiB.
Result<std::string> read_log(const std::filesystem::path& run_dir, const std::string& sha256);

}  // namespace bpfmatrix
