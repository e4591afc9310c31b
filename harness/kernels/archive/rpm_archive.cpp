#include "kernels/archive/rpm_archive.h"

#include <fmt/format.h>

#include "kernels/archive/archive_handle.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBlockBytes = 131072;

Result<> unpack_opened(struct archive* rpm, const fs::path& into, const PlaceFile& place,
                       const UnpackRules& rules) {
  Result<> done = unpack_entries(rpm, into, place, rules);
  // Its outermost layer: without it any cpio archive would pass for a package.
  const int layers = ::archive_filter_count(rpm);
  for (int i = 0; i < layers; ++i) {
    if (::archive_filter_code(rpm, i) == ARCHIVE_FILTER_RPM) return done;
  }
  return Error{"not an RPM package"};
}

}  // namespace

Result<> unpack_rpm(const fs::path& rpm, const fs::path& into, const PlaceFile& place,
                    const UnpackRules& rules) {
  const ArchiveHandle handle = new_archive_reader();
  ::archive_read_support_filter_rpm(handle.get());
  ::archive_read_support_format_cpio(handle.get());
  Result<> done;
  if (::archive_read_open_filename(handle.get(), rpm.c_str(), kBlockBytes) != ARCHIVE_OK) {
    done = Error{archive_problem(handle.get())};
  } else {
    done = unpack_opened(handle.get(), into, place, rules);
  }
  if (!done) return wrap(fmt::format("'{}'", rpm.filename().string()), std::move(done).error());
  return done;
}

}  // namespace bpfmatrix
