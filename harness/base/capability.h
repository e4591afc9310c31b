// Linux capabilities by name: what a loader may be left with.
#pragma once

#include <optional>
#include <string_view>

namespace bpfmatrix {

/// The kernel's number of "CAP_BPF"; nothing if there is none of that name.
std::optional<int> capability_number(std::string_view name);

/// One more than the highest number there is.
int capability_count();

}  // namespace bpfmatrix
