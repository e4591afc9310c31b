#include "kernels/build/make_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Goes into the key: changes whenever the way of building does.
constexpr int kRecipe = 2;
constexpr std::string_view kBuildTime = "1970-01-01 00:00:00 UTC";

/// Names of files end up in the kernel (__FILE__ of WARN, for one), and those in the debug
/// information of what is written in assembler in its build id.
std::string path_flags(const BuildFolders& folders) {
  return fmt::format("-ffile-prefix-map={}=. -ffile-prefix-map={}=.", folders.source.string(),
                     folders.out.string());
}

std::string kernel_flags(const BuildSource& source, const BuildFolders& folders) {
  std::vector<std::string> flags = source.kcflags;
  flags.push_back(path_flags(folders));
  return fmt::format("{}", fmt::join(flags, " "));
}

std::vector<std::string> pahole(const std::vector<std::string>& flags) {
  std::vector<std::string> argv{"pahole"};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return argv;
}

}  // namespace

std::string_view kbuild_arch(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return "x86_64";
    case Arch::aarch64:
      return "arm64";
  }
  return "";
}

ImageTarget image_target(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return {"bzImage", "arch/x86/boot/bzImage"};
    case Arch::aarch64:
      return {"Image", "arch/arm64/boot/Image"};
  }
  return {};
}

std::vector<std::string> make_command(const BuildSource& source, const BuildTools& tools,
                                      const MakeJob& job, std::string_view target) {
  std::vector<std::string> argv{
      "make", "-C", job.folders.source.string(), fmt::format("-j{}", job.jobs),
      fmt::format("O={}", job.folders.out.string()), fmt::format("ARCH={}", kbuild_arch(job.arch)),
      fmt::format("CROSS_COMPILE={}", tools.prefix),
      fmt::format("CC={}{}", tools.ccache ? "ccache " : "", tools.compiler),
      fmt::format("HOSTCC={}{}", tools.ccache ? "ccache " : "", tools.host_compiler),
      fmt::format("KCFLAGS={}", kernel_flags(source, job.folders)),
      fmt::format("KAFLAGS={}", path_flags(job.folders)),
      fmt::format("KCONFIG_ALLCONFIG={}", job.folders.fragments.string()),
      fmt::format("KBUILD_BUILD_TIMESTAMP={}", kBuildTime), "KBUILD_BUILD_USER=bpfmatrix",
      "KBUILD_BUILD_HOST=bpfmatrix", "KBUILD_BUILD_VERSION=1",
      // Set, though empty: else a tree in a git repository gets a '+' in its release.
      "LOCALVERSION="};
  if (!source.hostcflags.empty()) {
    argv.push_back(fmt::format("HOSTCFLAGS={}", fmt::join(source.hostcflags, " ")));
  }
  // Only where it is run: later trees with no use for it still ask "$PAHOLE" for its version, in a
  // way that takes no flags.
  if (job.own_btf) {
    argv.push_back(fmt::format("PAHOLE={}", fmt::join(pahole(source.pahole_flags), " ")));
  }
  argv.emplace_back(target);
  return argv;
}

std::vector<std::string> pahole_command(const std::vector<std::string>& flags,
                                        const fs::path& vmlinux, const fs::path& btf) {
  std::vector<std::string> argv = pahole(flags);
  argv.push_back("--btf_encode_detached=" + btf.string());
  argv.push_back(vmlinux.string());
  return argv;
}

std::vector<std::string> build_links(const BuildSource& source, Arch arch, const BuildTools& tools,
                                     std::string_view source_sha256, std::string_view fragments) {
  std::vector<std::string> links{
      fmt::format("config: sha256 {} ({})", sha256_hex(fragments), fmt::join(source.config, ", ")),
      fmt::format("compiler: {}", tools.compiler_version),
      fmt::format("linker: {}", tools.linker_version),
      fmt::format("flags: '{}', for the build's own programs '{}'", fmt::join(source.kcflags, " "),
                  fmt::join(source.hostcflags, " ")),
      fmt::format("pahole: {} '{}'", tools.pahole_version, fmt::join(source.pahole_flags, " "))};
  const std::string all = fmt::format("{}\n{}\n{}\n{}", kRecipe, kbuild_arch(arch), source_sha256,
                                      fmt::join(links, "\n"));
  links.push_back("build key: " + sha256_hex(all));
  return links;
}

}  // namespace bpfmatrix
