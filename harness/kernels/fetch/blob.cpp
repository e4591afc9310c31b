#include "kernels/fetch/blob.h"

#include <fmt/format.h>

#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// True if the blob is there and still what its name says; a damaged one is removed.
bool have_blob(const fs::path& blob, const std::string& sha256) {
  std::error_code ignored;
  if (!fs::exists(blob, ignored)) return false;
  const Result<std::string> got = sha256_file(blob);
  if (got && *got == sha256) {
    fs::last_write_time(blob, fs::file_time_type::clock::now(), ignored);  // in use: not abandoned
    return true;
  }
  fs::remove(blob, ignored);
  return false;
}

}  // namespace

Result<fs::path> fetch_blob(Download download, std::uint64_t max_bytes,
                            const FetchOptions& options) {
  if (download.bytes > max_bytes) {
    return Error{fmt::format("'{}': {} bytes announced, the limit is {}", download.urls.front(),
                             download.bytes, max_bytes)};
  }
  Result<StoreLock> lock =
      options.store.lock("blob-" + download.sha256.substr(0, 2), options.lock_timeout, [&] {
        options.say(fmt::format("waiting: another process is fetching '{}'", download.what));
      });
  if (!lock) return std::move(lock).error();
  download.to = options.store.blob(download.sha256);
  if (have_blob(download.to, download.sha256)) return download.to;
  Result<> done = download_file(download, options.limits, options.progress);
  if (!done) return std::move(done).error();
  return download.to;
}

}  // namespace bpfmatrix
