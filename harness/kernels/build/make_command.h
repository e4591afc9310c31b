// How a kernel is built, as values: make's arguments, pahole's, and the key that says whether a
// build would give the same kernel again. Nothing here touches the disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "kernels/build/build_tools.h"
#include "kernels/catalog.h"

namespace bpfmatrix {

struct BuildFolders {
  std::filesystem::path source{};
  /// Everything that is made goes here; the source stays as it is.
  std::filesystem::path out{};
  /// The fragments, joined into one file.
  std::filesystem::path fragments{};
};

/// What make's ARCH calls it.
std::string_view kbuild_arch(Arch arch);

/// The bootable image, by its target in make and below the out folder.
struct ImageTarget {
  std::string_view target{};
  std::string_view path{};
};
ImageTarget image_target(Arch arch);

struct MakeJob {
  Arch arch = Arch::x86_64;
  BuildFolders folders{};
  /// The kernel gets BTF of its own, for which its build runs pahole.
  bool own_btf = false;
  /// Compilers at a time.
  int jobs = 1;
};

/// Makes `target`. Time stamp, user, host and paths are fixed, so that equal inputs give equal
/// images.
std::vector<std::string> make_command(const BuildSource& source, const BuildTools& tools,
                                      const MakeJob& job, std::string_view target);

/// Writes the BTF of `vmlinux`, made from its DWARF, into `btf`; see BuildSource::pahole_flags.
std::vector<std::string> pahole_command(const std::vector<std::string>& flags,
                                        const std::filesystem::path& vmlinux,
                                        const std::filesystem::path& btf);

/// The links of Origin::chain that say how the kernel was built, the last of them "build key: ...",
/// which depends on all that decides what comes out: source, config, compiler, flags, recipe.
std::vector<std::string> build_links(const BuildSource& source, Arch arch, const BuildTools& tools,
                                     std::string_view source_sha256, std::string_view fragments);

}  // namespace bpfmatrix
