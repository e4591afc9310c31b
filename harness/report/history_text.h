// What `history` and `since` print, for a person and for a script.
#pragma once

#include <string>
#include <vector>

#include "analysis/compare/support.h"
#include "base/json.h"
#include "history/history.h"

namespace bpfmatrix {

/// One cell over its runs: a line for each run and program; what a program came to again is not
/// said again.
std::string render_history(const std::vector<HistoryEntry>& entries);
OrderedJson to_json(const std::vector<HistoryEntry>& entries);

/// For each program and each series of kernels the oldest on which it works, what stops it below,
/// holes, and what is not known.
std::string render_since(const SupportTable& table);
OrderedJson to_json(const SupportTable& table);

}  // namespace bpfmatrix
