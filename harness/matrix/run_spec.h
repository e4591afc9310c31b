// What a run was asked to do: all that --resume needs, and that a command needs which runs one of
// its cells again. Kept in run.json (run/run_dir.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "matrix/case_spec.h"
#include "matrix/matrix_spec.h"

namespace bpfmatrix {

/// What --cell-timeout and --boot-timeout are where nobody says.
inline constexpr int kDefaultTimeoutSeconds = 120;

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
  /// By which a run is known wherever its directory lies, and when it began, in seconds since 1970;
  /// nothing: whoever made it did not say.
  std::optional<std::string> id{};
  std::optional<std::int64_t> started{};
};

/// The cases that a run has in place of the suite's: one for each object, then one for each
/// application that is tried for its own sake. Ids may come twice. Error: what its project says of
/// one is wrong.
Result<std::vector<CaseSpec>> own_cases(const RunSpec& spec);

}  // namespace bpfmatrix
