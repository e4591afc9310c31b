#include "kernels/archive/tar_entries.h"

#include "kernels/archive/entry_stream.h"

namespace bpfmatrix {

Result<> unpack_tar(const std::filesystem::path& tarball, const std::filesystem::path& into,
                    const PlaceFile& place, const UnpackRules& rules) {
  ArchiveHandle tar(::archive_read_new());
  ::archive_read_support_format_tar(tar.get());
  // A layer in which nothing was done.
  ::archive_read_support_format_empty(tar.get());
  EntryStream entries(new_archive_reader(), std::move(tar));
  if (Result<> opened = entries.open_file(tarball); !opened) return opened;
  return unpack_entries(entries, into, place, rules);
}

}  // namespace bpfmatrix
