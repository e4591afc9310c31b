// An outcome whose texts may stand in a line of a report.
#pragma once

#include "outcome/outcome.h"

namespace bpfmatrix {

/// Every text of it is printable. Only logs and messages, which are laid out below one another,
/// keep their line ends.
Outcome printable_outcome(const Outcome& outcome);

}  // namespace bpfmatrix
