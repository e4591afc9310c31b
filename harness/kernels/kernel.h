// One kernel that can be booted, as it lies in the store or was handed over by path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"

namespace bpfmatrix {

/// Where a kernel's files come from, and what vouches for them.
struct Origin {
  /// "deb", "local" (later "source", "rpm").
  std::string kind{};
  std::string package{};
  std::string version{};
  /// Of the package, or of the image for a local kernel.
  std::string sha256{};
  /// Fingerprint of the key that signed the archive's Release file; empty for a local kernel.
  std::string signed_by{};
  /// The links from signature to file, outermost first: "InRelease of bookworm: good signature by
  /// ...", "Packages: sha256 ...", "linux-image-...deb: sha256 ...".
  std::vector<std::string> chain{};
};

/// BTF of the kernel itself, taken out of its image.
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
  /// Nothing when the kernel was built without BTF.
  std::optional<KernelBtf> btf{};
  Origin origin{};
};

}  // namespace bpfmatrix
