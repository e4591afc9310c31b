// The entries of a packed archive, with a bound on what one of them takes of our memory.
//
// libarchive has bounds of its own for most of what a header may hold, but none for all: names of a
// cpio archive (cpio_names.h), and the holes of a file, which go on as long as the archive says. So
// what comes out of the packing is handed to the format's reader by us, who see how much it takes
// before it has a header. That needs neither a process of its own nor a limit on all of ours, and
// is the same under a sanitizer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "kernels/archive/archive_handle.h"

namespace bpfmatrix {

/// Sees each piece before the format's reader does; an error stops the reading.
using PieceCheck = std::function<Result<>(std::string_view)>;

class EntryStream {
 public:
  /// Takes a reader that has its filters, and one that has its format; neither is open.
  EntryStream(ArchiveHandle packed, ArchiveHandle format, PieceCheck check = {});
  EntryStream(const EntryStream&) = delete;
  EntryStream& operator=(const EntryStream&) = delete;

  /// To be called once, before all else. Error, with the file's name: not a regular file, or not
  /// packed in a way that is known.
  Result<> open_file(const std::filesystem::path& file);
  /// The same without a name, with what libarchive calls for more bytes, and its argument.
  Result<> open_with(archive_read_callback* read, void* argument);

  /// The next entry, which libarchive owns; nullptr: there is none. Error: damaged, or a header of
  /// more than 16 MiB.
  Result<struct archive_entry*> next();
  /// For the data of that entry.
  struct archive* data() const {
    return format_.get();
  }
  struct archive* packed() const {
    return packed_.get();
  }

 private:
  static la_ssize_t read_piece(struct archive* format, void* self, const void** bytes);
  Result<> open_format(int status);

  // Destroyed from the last to the first: each reads from the one before.
  Fd file_{};
  ArchiveHandle packed_;
  ArchiveHandle format_;
  PieceCheck check_;
  bool empty_ = false;
  bool in_entry_ = false;
  std::uint64_t header_bytes_ = 0;
};

}  // namespace bpfmatrix
