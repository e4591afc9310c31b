// One downloaded file in the store, under the name its hash gives it.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "kernels/fetch/fetch_options.h"

namespace bpfmatrix {

/// The store's blob of `download.sha256`, downloaded unless it is there (`download.to` is set
/// here). Blocks for the network, and while another process fetches the same. Error: announced as
/// larger than `max_bytes`; see download_file.
Result<std::filesystem::path> fetch_blob(Download download, std::uint64_t max_bytes,
                                         const FetchOptions& options);

}  // namespace bpfmatrix
