#include "kernels/archive/rpm_archive.h"

#include <fmt/format.h>

#include "kernels/archive/cpio_names.h"
#include "kernels/archive/entry_stream.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// The outermost layer: without it any cpio archive would pass for a package.
bool is_rpm(struct archive* packed) {
  const int layers = ::archive_filter_count(packed);
  for (int i = 0; i < layers; ++i) {
    if (::archive_filter_code(packed, i) == ARCHIVE_FILTER_RPM) return true;
  }
  return false;
}

Result<> unpack_opened(EntryStream& rpm, const fs::path& into, const PlaceFile& place,
                       const UnpackRules& rules) {
  if (!is_rpm(rpm.packed())) return Error{"not an RPM package"};
  return unpack_entries(rpm, into, place, rules);
}

}  // namespace

Result<> unpack_rpm(const fs::path& rpm, const fs::path& into, const PlaceFile& place,
                    const UnpackRules& rules) {
  ArchiveHandle packed = new_archive_reader();
  ::archive_read_support_filter_rpm(packed.get());
  ArchiveHandle cpio(::archive_read_new());
  ::archive_read_support_format_cpio(cpio.get());
  CpioNames names;
  EntryStream entries(std::move(packed), std::move(cpio),
                      [&names](std::string_view piece) { return names.take(piece); });
  if (Result<> opened = entries.open_file(rpm); !opened) return opened;
  Result<> done = unpack_opened(entries, into, place, rules);
  if (!done) return wrap(fmt::format("'{}'", rpm.filename().string()), std::move(done).error());
  return done;
}

}  // namespace bpfmatrix
