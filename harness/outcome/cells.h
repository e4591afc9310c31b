// The cells of a run in parts, each cell once: from memory, or from a file of which no more is in
// memory than a part.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/result.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

using CellSink = std::function<void(const std::vector<Outcome>& part)>;
/// Gives out all cells, in the same order each time it is called.
using Cells = std::function<Result<>(const CellSink& sink)>;

/// The outcomes outlive it.
Cells cells_of(const std::vector<Outcome>& outcomes);

/// The lines of an outcomes.jsonl, or of an outcomes.jsonl.gz, read on as many threads as there are
/// cores; the sink is called on the caller's. A last line without a line end was being written when
/// the run was killed: it is left out. A line that stands twice counts once. Error: the file cannot
/// be read, a line is no outcome, or two lines are of the same cell and differ. What came before
/// has been given out then.
Result<> read_cell_parts(const std::filesystem::path& file, const CellSink& sink);
Cells cells_in(const std::filesystem::path& file);

/// All of them at once.
Result<std::vector<Outcome>> read_cells(const std::filesystem::path& file);
Result<std::vector<Outcome>> all_of(const Cells& cells);

}  // namespace bpfmatrix
