// What two runs of one cell must have in common.
#pragma once

#include <string>
#include <vector>

#include "outcome/outcome.h"

namespace bpfmatrix {

/// "programs[on_open].load.result: accepted, refused": what is not the same, apart from what may
/// change from one run to the next (times and counts, process ids and ports that were observed,
/// addresses in texts and logs). Empty: the same.
std::vector<std::string> differences(const Outcome& one, const Outcome& other);

}  // namespace bpfmatrix
