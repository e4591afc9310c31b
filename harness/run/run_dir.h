// The directory a run leaves behind: everything right of it reads only this.
//
//     run.json            what was asked: the matrix and the cells it came to
//     transcripts/CELL.json.gz  all that a finished cell said (cell/transcript.h), '/' in the
//     cell's
//                         id as '@'; written and synced before the cell's line below
//     outcomes.jsonl      what was made of them, one line a cell; can be made anew (bpfmatrix
//                         derive). Locked (flock) by the process that runs
//     kernels/SHA256.json.gz  what is known of a kernel, by the hash of its text (kernel_facts.h)
//     console/KERNEL-N.log  what the N-th VM of a kernel printed
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
#include "base/folder.h"
#include "base/result.h"
#include "cell/transcript.h"
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
  /// Of a part (--shard): the ids of all cells of the whole plan, so that those of a part that is
  /// lost are missed.
  std::optional<std::vector<std::string>> part_of{};
  std::optional<RunOptions> options{};
};

/// The folders of a run, held by their descriptors: nothing is written or removed elsewhere, even
/// if somebody puts a link in the place of one meanwhile.
struct RunFolders {
  Folder run;
  Folder transcripts;
  Folder kernels;
  Folder console;

  /// Makes those in `path` that are not there. Error: one of them, or a file of the run, is a
  /// symbolic link.
  static Result<RunFolders> open(const std::filesystem::path& path);
  /// Of a writer that was killed. The run's lock is held.
  void remove_half_written() const;
};

class RunDir {
 public:
  /// Makes the directory and writes run.json. Error: it holds a run already (see resume), or cannot
  /// be made.
  static Result<RunDir> create(const std::filesystem::path& path, const RunSpec& request);
  /// Goes on with the run in `path`: a last line cut short is dropped, and files that were being
  /// written when it was killed are removed. Error: there is none, another process is at it, or
  /// what should be a folder or file of the run is a symbolic link: it may come from a stranger,
  /// and nothing outside of it is written or removed.
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
  /// Keeps a packed transcript. Safe from several threads, as are those below.
  Result<> keep_transcript(const std::string& cell, std::string_view packed);
  /// The same for one that was known before; append_known() syncs it.
  Result<> restore_transcript(const std::string& cell, std::string_view packed);
  /// Keeps what is known of a kernel; gives the hash it is known by. Safe from several threads.
  Result<std::string> keep_facts(const PackedFacts& facts);
  /// The console of a machine that only this cell had.
  Result<> keep_console(const std::string& cell, const std::string& text);
  /// Where the console of a VM goes: a way through a descriptor of this process.
  std::filesystem::path console_log(const std::string& kernel_id, int vm_number) const;

 private:
  RunDir(std::filesystem::path path, RunFolders folders, RunSpec request, Fd outcomes);
  Result<> append_lines(std::string_view lines);

  std::filesystem::path path_{};
  RunFolders folders_;
  RunSpec request_{};
  std::set<std::string> finished_{};
  Fd outcomes_{};
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
};

/// As run.json has it.
std::string to_text(const RunSpec& spec);
/// Reads run.json. Error: there is none, or it is not ours.
Result<RunSpec> read_run_spec(const std::filesystem::path& run_dir);

/// Where a run keeps the transcript of a cell.
std::filesystem::path transcript_path(const std::filesystem::path& run_dir,
                                      const std::string& cell);
/// Error: there is none, or it is none of this schema.
Result<Transcript> read_transcript(const std::filesystem::path& run_dir, const std::string& cell);
/// The ids of all cells that have one.
std::vector<std::string> transcribed_cells(const std::filesystem::path& run_dir);

/// The outcomes of a run in place of those that are there, at once. Error: another process is at
/// this run, or the file cannot be written.
Result<> replace_outcomes(const std::filesystem::path& run_dir,
                          const std::vector<Outcome>& outcomes);
/// JSON Schema of run.json.
OrderedJson run_schema();

}  // namespace bpfmatrix
