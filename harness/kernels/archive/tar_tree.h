// A source tree out of a tarball, unpacked as if its maker meant harm.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace bpfmatrix {

struct TarLimits {
  std::uint64_t max_bytes = 4ULL << 30;
  std::uint64_t max_entries = 200'000;
  /// False: a symbolic link is an error too.
  bool links = true;
};

/// Unpacks what lies below the tarball's one top folder ("linux-5.8/") into `into`, with its
/// symbolic links, execute bits and times; any compression that `decompress` knows. Error: not a
/// tarball or damaged, a path or a link that leaves the tree, a hard link or a device, over the
/// limits, disk full. What was written so far is left to the caller.
Result<> unpack_tree(const std::filesystem::path& tarball, const std::filesystem::path& into,
                     const TarLimits& limits = {});

}  // namespace bpfmatrix
