#include "kernels/archive/decompress.h"

#include <fmt/format.h>

#include <vector>

#include "base/file.h"
#include "kernels/archive/archive_handle.h"

namespace bpfmatrix {

namespace {

ArchiveHandle new_stream_reader() {
  ArchiveHandle handle = new_archive_reader();
  ::archive_read_support_format_raw(handle.get());
  ::archive_read_support_format_empty(handle.get());
  return handle;
}

Result<> give_out(struct archive* handle, std::uint64_t max_bytes, const ByteSink& sink) {
  struct archive_entry* entry = nullptr;
  const int status = ::archive_read_next_header(handle, &entry);
  if (status == ARCHIVE_EOF) return {};
  if (status < ARCHIVE_WARN) return Error{archive_problem(handle)};

  std::vector<char> block(kArchiveBlockBytes);
  std::uint64_t total = 0;
  // libarchive takes off one packing after another: a stream has one, and itself counts as well.
  if (::archive_filter_count(handle) > 2) return Error{"packed more than once"};
  for (;;) {
    const la_ssize_t n = ::archive_read_data(handle, block.data(), block.size());
    if (n == 0) return {};
    if (n < 0) return Error{archive_problem(handle)};
    total += static_cast<std::uint64_t>(n);
    if (total > max_bytes) {
      return Error{fmt::format("holds more than the limit of {} bytes", max_bytes)};
    }
    Result<> taken = sink({block.data(), static_cast<std::size_t>(n)});
    if (!taken) return taken;
  }
}

}  // namespace

Result<> decompress(std::string_view bytes, std::uint64_t max_bytes, const ByteSink& sink) {
  const ArchiveHandle handle = new_stream_reader();
  if (::archive_read_open_memory(handle.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return Error{archive_problem(handle.get())};
  }
  return give_out(handle.get(), max_bytes, sink);
}

Result<> decompress_file(const std::filesystem::path& path, std::uint64_t max_bytes,
                         const ByteSink& sink) {
  const auto named = [&path](Error error) {
    return wrap(fmt::format("'{}'", path.string()), std::move(error));
  };
  const Result<Fd> file = open_file(path, kMaxArchiveBytes);
  if (!file) return file.error();
  const ArchiveHandle handle = new_stream_reader();
  if (::archive_read_open_fd(handle.get(), file->get(), kArchiveBlockBytes) != ARCHIVE_OK) {
    return named(Error{archive_problem(handle.get())});
  }
  Result<> done = give_out(handle.get(), max_bytes, sink);
  if (!done) return named(std::move(done).error());
  return done;
}

}  // namespace bpfmatrix
