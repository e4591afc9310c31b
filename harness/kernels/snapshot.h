// A Debian archive as it was at a date: an archive of snapshots, which keeps every state under the
// time it was taken.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "kernels/catalog.h"
#include "kernels/fetch_options.h"

namespace bpfmatrix {

/// "20181120T000000Z"; nothing if the text is not of that form.
std::optional<std::chrono::sys_seconds> parse_snapshot_time(std::string_view text);

/// What to fetch `source` with: `options` as they are, or, for a source of the past, with the
/// snapshot as the mirror and its date as the time: a Release file must have been good then, and
/// the key that signed it may have expired since.
FetchOptions options_for(const DebSource& source, const FetchOptions& options);

}  // namespace bpfmatrix
