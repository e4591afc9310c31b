// Parts of one run, from several machines (run --shard I/N), put together.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// Makes `out` from the runs in `parts`: their planned cells, outcomes, transcripts and what is
/// known of kernels; what VMs printed stays where it is. A cell that several have counts once, and
/// a conclusive outcome more than one that is not. Gives the number of cells. Blocks. All or
/// nothing. Error: `out` is there already, a part is no run, or they do not fit together: another
/// matrix, another kernel or BTF under the same id, another object in the same case, outcomes of a
/// cell that disagree.
Result<std::size_t> merge_runs(const std::vector<std::filesystem::path>& parts,
                               const std::filesystem::path& out);

}  // namespace bpfmatrix
