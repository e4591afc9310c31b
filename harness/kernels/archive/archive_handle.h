// libarchive's reading handle with an owner. For the .cpp files of this folder only.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string>

namespace bpfmatrix {

/// Read at a time.
inline constexpr std::size_t kArchiveBlockBytes = 128 << 10;
/// No archive, packed, is larger.
inline constexpr std::uint64_t kMaxArchiveBytes = std::uint64_t{8} << 30;

struct ArchiveFree {
  void operator()(struct archive* handle) const { ::archive_read_free(handle); }
};
using ArchiveHandle = std::unique_ptr<struct archive, ArchiveFree>;

/// A reader that knows the compressions libarchive has built in. Not "all filters": that would run
/// external programs for the others.
inline ArchiveHandle new_archive_reader() {
  ArchiveHandle handle(::archive_read_new());
  ::archive_read_support_filter_gzip(handle.get());
  ::archive_read_support_filter_bzip2(handle.get());
  ::archive_read_support_filter_lzma(handle.get());
  ::archive_read_support_filter_xz(handle.get());
  ::archive_read_support_filter_lz4(handle.get());
  ::archive_read_support_filter_zstd(handle.get());
  return handle;
}

inline std::string archive_problem(struct archive* handle) {
  const char* text = ::archive_error_string(handle);
  return text != nullptr ? text : "malformed archive";
}

}  // namespace bpfmatrix
