// A Debian archive as it was at a date: an archive of snapshots, which keeps every state under the
// time it was taken.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/fetch/fetch_options.h"
#include "kernels/snapshot_time.h"

namespace bpfmatrix {

/// What to fetch `source` with: `options` as they are, or, for a source of the past, with the
/// snapshot as the mirror and its date as the time: a Release file must have been good then, and
/// the key that signed it may have expired since. Error: no archive of snapshots is configured.
Result<FetchOptions> options_for(const DebSource& source, const FetchOptions& options);

}  // namespace bpfmatrix
