// BTF of kernels that have none, as others collected it: a folder laid out like the public BTF
// archives (https://github.com/aquasecurity/btfhub-archive),
//
//   DISTRIBUTION/VERSION/ARCH/RELEASE.btf.tar.xz ubuntu/18.04/x86_64/4.15.0-20-generic.btf.tar.xz
//
// where ARCH is x86_64 or arm64, and each archive holds the one file RELEASE.btf.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

inline constexpr std::uint64_t kMaxCollectedBtfBytes = 64 << 20;

struct CollectedBtf {
  /// As it is found below the collection, its links resolved.
  std::filesystem::path archive{};
  std::string bytes{};
};

/// The BTF of that release for that architecture, of any distribution and version. `collection` may
/// also be the folder of one distribution, or of one of its versions. Links are followed as long as
/// they stay in the collection; nothing is unpacked to the disk. Error: no such folder, not in it,
/// several that differ, a link that leads out, an archive that is damaged or holds anything else.
Result<CollectedBtf> find_collected_btf(const std::filesystem::path& collection,
                                        const std::string& release, Arch arch);

/// The one file in the archive at `path`, which must be named `name`.
Result<std::string> read_btf_archive(const std::filesystem::path& path, std::string_view name,
                                     std::uint64_t max_bytes = kMaxCollectedBtfBytes);

}  // namespace bpfmatrix
