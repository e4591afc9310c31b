// For tests: a cell of which all went well, to be made worse.
#pragma once

#include "outcome/outcome.h"

namespace bpfmatrix {

inline const StageOutcome kOk{StageResult::ok};
inline const StageOutcome kRefused{StageResult::failed, "EINVAL", ""};

/// Two programs on 6.1, loaded, attached and triggered, and nothing counted.
Outcome good_outcome();

}  // namespace bpfmatrix
