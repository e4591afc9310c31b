// What a cell leaves behind in a guest that lives on, and how it is cleared away.
#pragma once

#include <string>
#include <vector>

namespace bpfmatrix::guest {

/// Called when no process of the cell lives any more: its files, pins, cgroups, legacy probes and
/// what hangs on `lo` go. Returns what could not be cleared away.
std::vector<std::string> clear_cell();

}  // namespace bpfmatrix::guest
