#include "kernels/archive/entry_stream.h"

#include <fmt/format.h>

#include <cerrno>

#include "base/file.h"
#include "kernels/archive/archive_handle.h"

namespace bpfmatrix {

namespace {

/// Two special headers of a MiB each (libarchive's bound) and much room.
constexpr std::uint64_t kMaxHeaderBytes = 16 << 20;

}  // namespace

EntryStream::EntryStream(ArchiveHandle packed, ArchiveHandle format, PieceCheck check)
    : packed_(std::move(packed)), format_(std::move(format)), check_(std::move(check)) {
  ::archive_read_support_format_raw(packed_.get());
  ::archive_read_support_format_empty(packed_.get());
}

Result<> EntryStream::open_file(const std::filesystem::path& file) {
  Result<Fd> opened = bpfmatrix::open_file(file, kMaxArchiveBytes);
  if (!opened) return std::move(opened).error();
  file_ = *std::move(opened);
  Result<> done =
      open_format(::archive_read_open_fd(packed_.get(), file_.get(), kArchiveBlockBytes));
  return done ? done : Result<>(file_error(file, std::move(done).error()));
}

Result<> EntryStream::open_with(archive_read_callback* read, void* argument) {
  return open_format(::archive_read_open(packed_.get(), argument, nullptr, read, nullptr));
}

Result<> EntryStream::open_format(int status) {
  if (status != ARCHIVE_OK) return Error{archive_problem(packed_.get())};
  struct archive_entry* stream = nullptr;
  const int found = ::archive_read_next_header(packed_.get(), &stream);
  if (found < ARCHIVE_WARN) return Error{archive_problem(packed_.get())};
  empty_ = found == ARCHIVE_EOF;
  if (::archive_read_open(format_.get(), this, nullptr, read_piece, nullptr) != ARCHIVE_OK) {
    return Error{archive_problem(format_.get())};
  }
  return {};
}

Result<struct archive_entry*> EntryStream::next() {
  // What is left of the last entry is none of the next one's header.
  if (in_entry_ && ::archive_read_data_skip(format_.get()) < ARCHIVE_WARN) {
    return Error{archive_problem(format_.get())};
  }
  in_entry_ = false;
  header_bytes_ = 0;
  struct archive_entry* entry = nullptr;
  const int status = ::archive_read_next_header(format_.get(), &entry);
  if (status == ARCHIVE_EOF) return static_cast<struct archive_entry*>(nullptr);
  if (status < ARCHIVE_WARN) return Error{archive_problem(format_.get())};
  in_entry_ = true;
  return entry;
}

la_ssize_t EntryStream::read_piece(struct archive* format, void* self, const void** bytes) {
  auto& stream = *static_cast<EntryStream*>(self);
  const auto fail = [format](const std::string& why) -> la_ssize_t {
    ::archive_set_error(format, EIO, "%s", why.c_str());
    return ARCHIVE_FATAL;
  };
  if (stream.empty_) return 0;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int status = ::archive_read_data_block(stream.packed_.get(), bytes, &size, &offset);
  if (status == ARCHIVE_EOF) return 0;
  if (status < ARCHIVE_WARN) return fail(archive_problem(stream.packed_.get()));
  if (!stream.in_entry_ && (stream.header_bytes_ += size) > kMaxHeaderBytes) {
    return fail(fmt::format("a header of more than {} bytes", kMaxHeaderBytes));
  }
  if (stream.check_) {
    const Result<> ok = stream.check_({static_cast<const char*>(*bytes), size});
    if (!ok) return fail(ok.error().message);
  }
  return static_cast<la_ssize_t>(size);
}

}  // namespace bpfmatrix
