// A long command whose output goes to a log file, and is read on the way.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// Takes each whole line of the output, without its newline.
using LineSink = std::function<void(std::string_view)>;

/// Runs `argv` to its end in the C locale, both streams appended to `log`, which is made if need
/// be. Blocks at most `timeout`. Error: it did not start, did not end in time or did not succeed;
/// then the error holds the last lines that look like one, and its hint names the log.
Result<> run_logged(const std::vector<std::string>& argv, const std::filesystem::path& log,
                    const LineSink& on_line, std::chrono::seconds timeout);

}  // namespace bpfmatrix
