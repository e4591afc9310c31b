// For tests: kernels, and the formats that images wrap them in, a few lines each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/image/kallsyms.h"

namespace bpfmatrix {

void put_le(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size);

/// A flat arm64 Image with that text behind its header.
std::string fake_arm64_image(std::string_view text);
/// The same, started by EFI: its PE header has one section, which reaches to the end of the file.
std::string fake_efi_image(std::string_view text);
/// An EFI zboot image around a packed payload.
std::string fake_zboot(std::string_view payload, std::string_view packing = "gzip");
/// A 64-bit bzImage around a payload, and the four bytes of its size that all but gzip have.
std::string fake_bzimage_around(std::string_view payload);

/// A note of an ELF file.
std::string elf_note(std::string_view name, std::uint32_t type, std::string_view description);

/// An ELF file as vmlinux is: `text` in a loadable segment at `address`, notes in another one, and
/// a .BTF section unless that is empty.
struct FakeVmlinux {
  std::uint16_t machine = 62;  // EM_X86_64
  std::uint64_t address = 0xffffffff81000000;
  std::string text{};
  std::string notes{};
  std::string btf{};
};
std::string fake_vmlinux(const FakeVmlinux& kernel);
/// Where `text` begins in the file.
std::size_t fake_vmlinux_text_offset();

/// How the tables changed: markers of 32 bits (v4.20), addresses behind the names (v6.4), offsets
/// that count from their own place (v7).
enum class KallsymsLayout { v4_18, v4_20, v6_4, v7 };
/// What scripts/kallsyms.c makes of these symbols, which have addresses in ascending order. Those
/// below the kernel's half are per-CPU ones. `at`: where these bytes are linked to run.
std::string fake_kallsyms(const std::vector<KernelSymbol>& symbols, KallsymsLayout layout,
                          std::uint64_t at = 0);

}  // namespace bpfmatrix
