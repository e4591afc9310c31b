#include "cli/shell_tools.h"

#include <fmt/format.h>

#include "kernels/fetch/deb_file.h"

namespace bpfmatrix {

namespace {

constexpr const char* kSuite = "bookworm";

/// Where a program of this architecture looks for its loader, and Debian keeps its libraries.
struct Places {
  const char* triplet;
  const char* loader;
  const char* loader_path;
};

Places places(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return {"x86_64-linux-gnu", "ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"};
    case Arch::aarch64:
      return {"aarch64-linux-gnu", "ld-linux-aarch64.so.1", "/lib/ld-linux-aarch64.so.1"};
  }
  return {};
}

struct PackagedFile {
  const char* package;
  std::string path;
  std::string name;
};

std::vector<PackagedFile> packaged_files(const Places& at) {
  const std::string lib = fmt::format("lib/{}/", at.triplet);
  return {{"busybox-static", "bin/busybox", "busybox"},
          {"bpftool", "usr/sbin/bpftool", "bpftool"},
          {"libc6", lib + at.loader, std::string("lib/") + at.loader},
          {"libc6", lib + "libc.so.6", "lib/libc.so.6"},
          {"libelf1", "usr/" + lib + "libelf-0.188.so", "lib/libelf.so.1"},
          {"zlib1g", lib + "libz.so.1.2.13", "lib/libz.so.1"},
          {"libcap2", lib + "libcap.so.2.66", "lib/libcap.so.2"}};
}

}  // namespace

Result<std::vector<ShellFile>> find_shell_tools(Arch arch, const FetchOptions& options) {
  std::vector<ShellFile> files;
  for (const PackagedFile& wanted : packaged_files(places(arch))) {
    Result<DebFile> file = fetch_deb_file(
        {.suite = kSuite, .arch = arch, .package = wanted.package, .path = wanted.path}, options);
    if (!file) return std::move(file).error();
    files.push_back({wanted.name, file->path});
  }
  return files;
}

std::string shell_setup(Arch arch) {
  const Places at = places(arch);
  return fmt::format(
      "b={0}/busybox\n"
      "$b mkdir -p /bin /lib /lib64 /dev/pts {1}\n"
      "$b --install -s /bin\n"
      "ln -sf {0}/bpftool /bin/bpftool\n"
      "ln -sfn {0}/lib /lib/{2}\n"
      "ln -sf {0}/lib/{3} {4}\n"
      "ln -sfn {1} /objects\n"
      "mount -t devpts devpts /dev/pts 2>/dev/null\n",
      kShellTools, kShellObjects, at.triplet, at.loader, at.loader_path);
}

}  // namespace bpfmatrix
