// Parts of one run, from several machines (run --shard I/N), put together.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

struct MergedRun {
  /// That are planned.
  std::size_t cells = 0;
  /// Those of them that no part has: they stay planned, and are not known.
  std::size_t in_no_part = 0;
};

/// Makes `out` from the runs in `parts`: their planned cells, outcomes, transcripts and what is
/// known of kernels; what VMs printed stays where it is. A cell that several have counts once, and
/// a conclusive outcome more than one that is not. Parts of a plan (--shard) make the whole plan,
/// also where one of them is missing. Blocks. All or nothing. Error: `out` is there already, a part
/// is no run, or they do not fit together: another matrix, another kernel or BTF under the same id,
/// another object in the same case, outcomes of a cell that disagree.
Result<MergedRun> merge_runs(const std::vector<std::filesystem::path>& parts,
                             const std::filesystem::path& out);

}  // namespace bpfmatrix
