// One compressed stream, read in pieces, so that nothing large is in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace bpfmatrix {

/// Takes the next piece; an error stops the reading and is passed on.
using ByteSink = std::function<Result<>(std::string_view)>;

/// gzip, bzip2, lzma, xz, lz4 (frames and the kernel's older "legacy" format) or zstd, known by
/// their magic numbers; bytes of none of them are passed through as they are. Error: the stream is
/// damaged or ends early, or holds more than `max_bytes`.
Result<> decompress(std::string_view bytes, std::uint64_t max_bytes, const ByteSink& sink);
/// The same for a file, which errors name.
Result<> decompress_file(const std::filesystem::path& path, std::uint64_t max_bytes,
                         const ByteSink& sink);

}  // namespace bpfmatrix
