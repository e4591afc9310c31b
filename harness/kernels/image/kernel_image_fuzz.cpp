// Any bytes as a kernel that somebody adds: the image, the kernel packed in it, and all that is
// looked for there.
#include <elf.h>

#include "base/temp_dir.h"
#include "base/testing/fuzz_target.h"
#include "kernels/image/btf_scan.h"
#include "kernels/image/elf_segments.h"
#include "kernels/image/kernel_image.h"
#include "kernels/image/kernel_signs.h"
#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

void try_kernel(std::string_view kernel) {
  for (const KernelSymbol& symbol : find_kallsyms(kernel)) {
    require(!symbol.name.empty(), "a symbol has a name");
  }
  (void)find_build_id(kernel);
  (void)find_release(kernel);
  if (is_elf(kernel)) (void)has_pvh_entry(kernel);
  const std::string_view btf = find_vmlinux_btf(kernel);
  require(btf.empty() || is_vmlinux_btf(btf), "BTF that was found describes a kernel");
}

void try_description(const OpenedImage& opened) {
  const Result<KernelImage> image = describe_image(opened);
  if (!image) return require(!image.error().message.empty(), "a refusal says why");
  require(is_valid_id(image->release), "a release can be part of a path");
  require(image->release == find_release(opened.kernel), "the banner has the release");
  (void)bootable_image(opened);
  const KernelSigns signs{image->release, image->arch, image->build_id,
                          find_kallsyms(opened.kernel)};
  (void)match_signs(image->btf, signs);
  require(match_build(signs, signs).has_value(), "a kernel is of its own build");
}

void try_image(std::string_view bytes) {
  try_kernel(bytes);
  const Result<TempDir> scratch = TempDir::create();
  require(scratch.has_value(), "there is room for what is unpacked");
  const FuzzFile file(bytes);
  Result<MappedFile> mapped = MappedFile::open(file.path(), kMaxImageBytes);
  if (!mapped) return;
  const Result<OpenedImage> opened = open_image(*std::move(mapped), scratch->path());
  if (!opened) return require(!opened.error().message.empty(), "a refusal says why");
  if (opened->kernel.size() != bytes.size()) try_kernel(opened->kernel);
  try_description(*opened);
}

std::vector<KernelSymbol> symbols() {
  std::vector<KernelSymbol> all;
  for (std::uint64_t i = 0; i < 300; ++i) {
    all.push_back({'T', "sys_" + std::to_string(i), 0xffffffff81000000 + i * 16});
  }
  return all;
}

std::vector<std::string> seeds() {
  const std::string banner = "Linux version 6.1.0-50 (me) #1 SMP\n";
  const std::string notes = elf_note("GNU", NT_GNU_BUILD_ID, "0123456789abcdefghij") +
                            elf_note("Xen", 18, std::string(8, '\1'));
  std::vector<std::string> all{fake_arm64_image(banner), fake_efi_image(banner),
                               fake_vmlinux({.text = banner, .notes = notes}),
                               fake_bzimage_around("\x1f\x8b" + std::string(20, '\0'))};
  for (const KallsymsLayout layout :
       {KallsymsLayout::v4_18, KallsymsLayout::v4_20, KallsymsLayout::v6_4, KallsymsLayout::v7}) {
    const std::string tables = fake_kallsyms(symbols(), layout, 0xffffffff81000000);
    all.push_back(fake_vmlinux({.text = tables + banner, .notes = notes}));
    all.push_back(fake_arm64_image(tables + banner));
  }
  return all;
}

const FuzzTarget target("kernel_image", try_image, seeds);

}  // namespace
}  // namespace bpfmatrix
