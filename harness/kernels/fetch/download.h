// Bytes from a mirror over http, https or file, through libcurl: bounded, resumable, verified.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// How far one file is. Called often, on the thread that fetches.
struct Progress {
  std::string_view what{};
  std::uint64_t bytes = 0;
  /// 0: not known beforehand.
  std::uint64_t total = 0;
};
using ProgressCallback = std::function<void(const Progress&)>;

struct TransferLimits {
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);
  /// Less than 1 KB/s for this long is a stall.
  std::chrono::seconds stall_timeout{30};
  /// For one attempt at one file.
  std::chrono::seconds deadline{3600};
  /// Tries after the first when the connection breaks, with a pause before each.
  int retries = 3;
  std::chrono::milliseconds retry_pause = std::chrono::seconds(1);
};

/// A file, mostly one whose hash is known from something that is signed or from the catalog.
struct Download {
  /// The same bytes under several names: the next is tried when one is not there.
  std::vector<std::string> urls{};
  /// What progress calls it.
  std::string what{};
  std::uint64_t bytes = 0;
  /// Empty: not known beforehand; the caller must check what came.
  std::string sha256{};
  /// Where it goes; appears only whole and verified. While it comes, "<to>.part" grows; a broken
  /// connection leaves that, and the next call goes on where it ended.
  std::filesystem::path to{};
  /// `bytes` is no more than a limit, because the size of the file is unknown.
  bool size_unknown = false;
};

/// Blocks. One caller at a time per `to` (the store's lock sees to it). Errors name the URL: not
/// found, sha256 mismatch, truncated, larger than announced, stalled; or the path: disk full.
Result<> download_file(const Download& download, const TransferLimits& limits,
                       const ProgressCallback& progress);

/// A small file of unknown size. Blocks. Error: as above, or more than `max_bytes`.
Result<std::string> download_text(const std::string& url, std::size_t max_bytes,
                                  const TransferLimits& limits);

/// `path` below `base`, with everything escaped that a URL gives a meaning to.
std::string join_url(std::string_view base, std::string_view path);

}  // namespace bpfmatrix
