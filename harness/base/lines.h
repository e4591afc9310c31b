// A text file, plain or .gz, line by line: no more of it is in memory than a line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

struct LineLimits {
  std::uint64_t line_bytes = 32 << 20;
  /// Of the whole text, unpacked.
  std::uint64_t file_bytes = 1 << 30;
};

/// Takes a line without its end, and its number from 1 on; an error stops the reading and is passed
/// on.
using LineSink = std::function<Result<>(std::string_view line, std::size_t number)>;

/// Gives out every line that has an end; one without is still being written. Error: missing,
/// unreadable, not a regular file, damaged, or over the limits ("'FILE:LINE': ...").
Result<> read_lines(const std::filesystem::path& file, const LineLimits& limits,
                    const LineSink& sink);

}  // namespace bpfmatrix
