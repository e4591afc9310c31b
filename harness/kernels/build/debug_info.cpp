#include "kernels/build/debug_info.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "base/text.h"
#include "base/unfinished.h"
#include "kernels/build/make_command.h"
#include "kernels/image/elf_section.h"
#include "kernels/image/elf_segments.h"
#include "kernels/image/kernel_image.h"
#include "kernels/image/mapped_file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::minutes kLongestPahole{30};
constexpr std::size_t kMaxShownBytes = 2000;

Result<KernelSigns> signs_of(std::string_view vmlinux) {
  if (!is_elf(vmlinux)) return Error{"not a vmlinux: no ELF file"};
  Result<Arch> arch = elf_arch(vmlinux);
  if (!arch) return std::move(arch).error();
  const Result<std::optional<std::string_view>> dwarf = elf_section(vmlinux, ".debug_info");
  if (!dwarf) return dwarf.error();
  if (!*dwarf) {
    return Error{"no debug information in it",
                 "wanted: a vmlinux built with CONFIG_DEBUG_INFO and not stripped, as in "
                 "linux-image-*-dbg (Debian) or kernel-debuginfo (RPM)"};
  }
  return KernelSigns{find_release(vmlinux), *arch, find_build_id(vmlinux), {}};
}

Result<> run_pahole(const fs::path& vmlinux, const std::vector<std::string>& flags,
                    const fs::path& btf) {
  if (!find_program("pahole")) {
    return Error{"this machine lacks 'pahole', which makes BTF from debug information",
                 "install the package dwarves (in Debian 12 and later: pahole)"};
  }
  const auto ran = run_command(
      {.argv = pahole_command(flags, fs::absolute(vmlinux), btf), .environment = {{"LC_ALL", "C"}}},
      kLongestPahole);
  if (!ran) return wrap("pahole", ran.error());
  if (ran->status.success()) return {};
  return Error{fmt::format("pahole: {}: {}", to_string(ran->status),
                           trim(ran->err).substr(0, kMaxShownBytes))};
}

}  // namespace

Result<KernelSigns> read_debug_info_signs(const fs::path& vmlinux) {
  const Result<MappedFile> file = MappedFile::open(vmlinux, kMaxDebugInfoBytes);
  if (!file) return file.error();
  Result<KernelSigns> signs = signs_of(file->bytes());
  if (!signs) return file_error(vmlinux, std::move(signs).error());
  return signs;
}

Result<std::string> make_btf(const fs::path& vmlinux, const std::vector<std::string>& flags,
                             const fs::path& scratch) {
  const Result<TempDir> dir = TempDir::create(scratch, std::string(kUnfinishedMark));
  if (!dir) return dir.error();
  const fs::path file = dir->path() / "made.btf";
  if (Result<> made = run_pahole(vmlinux, flags, file); !made) {
    return file_error(vmlinux, std::move(made).error());
  }
  Result<std::string> btf = read_file(file, kMaxKernelBtfBytes);
  if (!btf) return file_error(vmlinux, Error{"pahole wrote nothing"});
  if (Result<> whole = check_kernel_btf(*btf); !whole) {
    return file_error(vmlinux, wrap("what pahole made from it", std::move(whole).error()));
  }
  return btf;
}

}  // namespace bpfmatrix
