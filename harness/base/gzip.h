// Text as .gz files hold it: logs, measured outcomes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

std::string gzip(std::string_view text);

/// The text of a .gz file, at most `max_bytes` of it: a small file can hold a very large one.
/// Error: missing, unreadable, damaged, or larger.
Result<std::string> read_gzip(const std::filesystem::path& file, std::uint64_t max_bytes);

}  // namespace bpfmatrix
