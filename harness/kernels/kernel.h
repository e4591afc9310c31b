// One kernel that can be booted, from the store or given by path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace bpfmatrix {

/// Where a kernel's files come from, and how they were verified.
struct Origin {
  /// "deb", "rpm", "source", "local".
  std::string kind{};
  /// For a kernel built here: what its source was in.
  std::string package{};
  std::string version{};
  /// Of the package or tarball, or of the image for a local kernel.
  std::string sha256{};
  /// Fingerprint of the key that signed the archive's Release file or the RPM package; empty for a
  /// local kernel, and for a tarball or package that is pinned by its hash.
  std::string signed_by{};
  /// The links from signature to file, outermost first: "InRelease of bookworm: good signature by
  /// ...", "Packages: sha256 ...", "linux-image-...deb: sha256 ...".
  std::vector<std::string> chain{};
};

/// BTF that describes a kernel, as a file.
struct KernelBtf {
  std::filesystem::path file{};
  std::uint64_t bytes = 0;
  std::string sha256{};
};

struct Kernel {
  std::string id{};
  /// uname -r: "6.1.0-50-cloud-amd64".
  std::string release{};
  Arch arch = Arch::x86_64;
  std::filesystem::path image{};
  std::string image_sha256{};
  std::optional<std::filesystem::path> config{};
  std::optional<std::filesystem::path> system_map{};
  /// The folder that holds modules.builtin and kernel/...; nothing when all that is needed is built
  /// in.
  std::optional<std::filesystem::path> modules{};
  /// The kernel's own, from its image; nothing when it was built without.
  std::optional<KernelBtf> btf{};
  /// Made from its debug information and kept beside it, for a kernel that has none of its own. The
  /// guest never sees it, unless it is handed over.
  std::optional<KernelBtf> detached_btf{};
  /// Given by the user, to be handed over instead of either.
  std::optional<KernelBtf> given_btf{};
  Origin origin{};
};

/// What describes this very kernel; nullptr when there is nothing.
inline const KernelBtf* btf_of(const Kernel& kernel) {
  if (kernel.btf) return &*kernel.btf;
  return kernel.detached_btf ? &*kernel.detached_btf : nullptr;
}

/// What the BTF source `embedded` hands over; nullptr when there is nothing.
inline const KernelBtf* btf_to_embed(const Kernel& kernel) {
  return kernel.given_btf ? &*kernel.given_btf : btf_of(kernel);
}

}  // namespace bpfmatrix
