// The times by which an archive of Debian's past is asked.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace bpfmatrix {

/// "20181120T000000Z"; nothing if the text is not of that form.
std::optional<std::chrono::sys_seconds> parse_snapshot_time(std::string_view text);

}  // namespace bpfmatrix
