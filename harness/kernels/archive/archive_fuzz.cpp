// Any bytes as an archive: as a Debian package, as an RPM package, as a tarball of sources, and as
// a compressed stream. Whatever is in it, only plain files appear, below the folder that was given,
// and no more of them than was agreed.
#include <algorithm>

#include "base/temp_dir.h"
#include "base/testing/fuzz_target.h"
#include "kernels/archive/cpio_names.h"
#include "kernels/archive/deb_archive.h"
#include "kernels/archive/decompress.h"
#include "kernels/archive/rpm_archive.h"
#include "kernels/archive/tar_tree.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = 1 << 20;
constexpr std::uint64_t kMaxEntries = 64;

/// A folder with one in it, so that what climbs out of the inner one is seen.
class Scratch {
 public:
  Scratch() {
    require(outer_.has_value() && fs::create_directory(into()),
            "there is room for what is unpacked");
  }
  fs::path into() const { return outer_->path() / "into"; }

  void require_tidy(bool links) const {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    for (const auto& entry : fs::recursive_directory_iterator(outer_->path())) {
      require(entry.path().string().starts_with(into().string()), "nothing is written outside");
      if (entry.is_symlink()) {
        require(links, "there are no links");
        require_inside(entry.path());
        continue;
      }
      require(entry.is_directory() || entry.is_regular_file(), "there are plain files only");
      if (entry.is_regular_file()) bytes += entry.file_size(), ++entries;
    }
    require(bytes <= kMaxBytes && entries <= kMaxEntries, "no more is written than was agreed");
  }

 private:
  void require_inside(const fs::path& link) const {
    const fs::path target = (link.parent_path() / fs::read_symlink(link)).lexically_normal();
    require((target.string() + "/").starts_with(into().string() + "/"), "no link leaves the tree");
  }

  Result<TempDir> outer_ = TempDir::create();
};

void try_tarball(const FuzzFile& file) {
  const Scratch scratch;
  (void)unpack_tree(file.path(), scratch.into(), {kMaxBytes, kMaxEntries});
  scratch.require_tidy(true);
}

using Unpack = Result<> (*)(const fs::path&, const fs::path&, const PlaceFile&, const UnpackRules&);

void try_package(const FuzzFile& file, Unpack unpack) {
  const auto place = [](std::string_view path) -> Result<std::optional<std::string>> {
    return std::optional<std::string>(path);
  };
  const Scratch scratch;
  (void)unpack(file.path(), scratch.into(), place,
               {.leave_out_links = true, .max_bytes = kMaxBytes, .max_entries = kMaxEntries});
  scratch.require_tidy(false);
}

void try_stream(std::string_view bytes) {
  std::uint64_t total = 0;
  const auto count = [&total](std::string_view piece) {
    total += piece.size();
    return Result<>();
  };
  (void)decompress(bytes, kMaxBytes, count);
  require(total <= kMaxBytes, "no more is unpacked than was agreed");
  CpioNames names;
  (void)names.take(bytes);
}

void try_archive(std::string_view bytes) {
  const FuzzFile file(bytes);
  if (bytes.starts_with("!<arch>")) {
    try_package(file, unpack_deb);
  } else if (bytes.starts_with("\xed\xab\xee\xdb")) {
    try_package(file, unpack_rpm);
  } else {
    try_tarball(file);
    try_stream(bytes);
  }
}

const FuzzTarget target("archive", try_archive);

}  // namespace
}  // namespace bpfmatrix
