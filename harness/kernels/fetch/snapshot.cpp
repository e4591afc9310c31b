#include "kernels/fetch/snapshot.h"

#include <optional>

namespace bpfmatrix {

Result<FetchOptions> options_for(const DebSource& source, const FetchOptions& options) {
  FetchOptions at = options;
  if (source.snapshot.empty()) return at;
  if (options.archives.snapshots.empty()) {
    return Error{"no archive of Debian snapshots is known",
                 "give one with --snapshot-mirror URL, or {\"snapshot_mirror\": \"URL\"} in the "
                 "config file"};
  }
  at.mirror = join_url(options.archives.snapshots, source.snapshot);
  at.snapshot = parse_snapshot_time(source.snapshot).value_or(std::chrono::sys_seconds());
  return at;
}

}  // namespace bpfmatrix
