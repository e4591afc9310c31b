#include "kernels/testing/fake_image.h"

#include <elf.h>

#include <cstring>

namespace bpfmatrix {

namespace {

constexpr std::size_t kHeaderBytes = 256;

template <typename T>
std::string raw(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

Elf64_Ehdr vmlinux_header(const FakeVmlinux& kernel) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = kernel.machine;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  return header;
}

Elf64_Shdr section(std::uint32_t name, std::uint32_t type, std::size_t at, std::size_t bytes) {
  Elf64_Shdr section{};
  section.sh_name = name;
  section.sh_type = type;
  section.sh_offset = at;
  section.sh_size = bytes;
  return section;
}

Elf64_Phdr segment(std::uint32_t type, std::uint64_t address, std::size_t at, std::size_t bytes) {
  Elf64_Phdr segment{};
  segment.p_type = type;
  segment.p_vaddr = address;
  segment.p_offset = at;
  segment.p_filesz = bytes;
  return segment;
}

void pad(std::string& bytes, std::size_t to) { bytes.resize((bytes.size() + to - 1) / to * to); }

/// Every character stands for itself, and one byte for "sys_".
constexpr char kSysToken = '\x01';
constexpr std::string_view kSys = "sys_";

std::string kallsyms_tokens(std::size_t alignment) {
  std::string table;
  std::string index;
  for (int i = 0; i < 256; ++i) {
    index += raw(static_cast<std::uint16_t>(table.size()));
    if (i == kSysToken) table += kSys;
    if (i > ' ' && i < 0x7f) table += static_cast<char>(i);
    table += '\0';
  }
  pad(table, alignment);
  return table + index;
}

std::string kallsyms_name(const KernelSymbol& symbol) {
  std::string text = symbol.type + symbol.name;
  if (const auto at = text.find(kSys); at != std::string::npos) {
    text.replace(at, kSys.size(), 1, kSysToken);
  }
  const std::size_t length = text.size();
  if (length < 0x80) return static_cast<char>(length) + text;
  return std::string{static_cast<char>(length | 0x80), static_cast<char>(length >> 7)} + text;
}

/// The count, the names, and where every 256th of them begins.
std::string kallsyms_names(const std::vector<KernelSymbol>& symbols, KallsymsLayout layout,
                           std::size_t alignment) {
  std::string names;
  std::string markers;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i % 256 == 0 && layout == KallsymsLayout::v4_18) markers += raw(names.size());
    if (i % 256 == 0 && layout != KallsymsLayout::v4_18) {
      markers += raw(static_cast<std::uint32_t>(names.size()));
    }
    names += kallsyms_name(symbols[i]);
  }
  std::string all = raw(static_cast<std::uint32_t>(symbols.size()));
  for (const std::string& part : {names, markers}) {
    pad(all, alignment);
    all += part;
  }
  pad(all, alignment);
  return all;
}

/// kallsyms_offsets and kallsyms_relative_base.
std::string kallsyms_addresses(const std::vector<KernelSymbol>& symbols) {
  const bool per_cpu = *symbols.front().address >> 63 == 0;
  const std::uint64_t base = 0xffffffff81000000;
  std::string bytes;
  for (const KernelSymbol& symbol : symbols) {
    const std::uint64_t address = *symbol.address;
    const bool absolute = address >> 63 == 0;
    bytes += raw(static_cast<std::uint32_t>(absolute  ? address
                                            : per_cpu ? base - 1 - address
                                                      : address - base));
  }
  pad(bytes, 8);
  return bytes + raw(base);
}

}  // namespace

void put_le(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
  std::memcpy(bytes.data() + at, &value, size);
}

std::string fake_arm64_image(std::string_view text) {
  std::string image(64, '\0');
  image.replace(0x38, 4, "ARM\x64");
  return image.append(text);
}

std::string fake_efi_image(std::string_view text) {
  std::string image = fake_arm64_image(std::string(kHeaderBytes, '\0').append(text));
  image.replace(0, 2, "MZ");
  put_le(image, 0x3c, 64, 4);
  image.replace(64, 4, std::string("PE\0\0", 4));
  put_le(image, 64 + 6, 1, 2);    // one section
  put_le(image, 64 + 20, 16, 2);  // bytes of the optional header
  const std::size_t table = 64 + 24 + 16;
  put_le(image, table + 16, image.size() - 256, 4);  // SizeOfRawData
  put_le(image, table + 20, 256, 4);                 // PointerToRawData
  return image;
}

std::string fake_zboot(std::string_view payload, std::string_view packing) {
  std::string image(64, '\0');
  image.replace(0, 2, "MZ");
  image.replace(4, 4, "zimg");
  put_le(image, 8, 64, 4);
  put_le(image, 12, payload.size(), 4);
  image.replace(24, packing.size(), packing);
  return image.append(payload);
}

std::string fake_bzimage_around(std::string_view payload) {
  std::string image(1024, '\0');
  image[0x1f1] = 1;
  put_le(image, 0x1fe, 0xaa55, 2);
  image.replace(0x202, 4, "HdrS");
  put_le(image, 0x206, 0x020f, 2);
  image[0x236] = 1;
  const bool gzip = payload.starts_with("\x1f\x8b");
  put_le(image, 0x24c, payload.size() + (gzip ? 0 : 4), 4);
  return image.append(payload).append(gzip ? 0 : 4, 'S');
}

std::string elf_note(std::string_view name, std::uint32_t type, std::string_view description) {
  const Elf64_Nhdr header{static_cast<std::uint32_t>(name.size() + 1),
                          static_cast<std::uint32_t>(description.size()), type};
  std::string note = raw(header).append(name).append(1, '\0');
  note.resize((note.size() + 3) / 4 * 4);
  note.append(description);
  note.resize((note.size() + 3) / 4 * 4);
  return note;
}

std::size_t fake_vmlinux_text_offset() { return sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr); }

std::string fake_vmlinux(const FakeVmlinux& kernel) {
  const std::string names("\0.BTF\0.names\0", 13);
  Elf64_Ehdr header = vmlinux_header(kernel);
  const std::size_t text = fake_vmlinux_text_offset();
  const std::size_t notes = text + kernel.text.size();
  const std::size_t btf = notes + kernel.notes.size();
  const std::size_t names_at = btf + kernel.btf.size();
  header.e_shoff = names_at + names.size();
  std::string file = raw(header);
  file += raw(segment(PT_LOAD, kernel.address, text, kernel.text.size()));
  file += raw(segment(PT_NOTE, 0, notes, kernel.notes.size()));
  file += kernel.text + kernel.notes + kernel.btf + names;
  file += raw(Elf64_Shdr{});
  file += raw(section(kernel.btf.empty() ? 6 : 1, SHT_PROGBITS, btf, kernel.btf.size()));
  return file + raw(section(6, SHT_STRTAB, names_at, names.size()));
}

std::string fake_kallsyms(const std::vector<KernelSymbol>& symbols, KallsymsLayout layout,
                          std::uint64_t at) {
  const std::size_t alignment = layout == KallsymsLayout::v7 ? 4 : 8;
  const std::string names = kallsyms_names(symbols, layout, alignment) + kallsyms_tokens(alignment);
  if (layout == KallsymsLayout::v6_4) return names + kallsyms_addresses(symbols);
  if (layout != KallsymsLayout::v7) return kallsyms_addresses(symbols) + names;
  std::string all = names;
  for (const KernelSymbol& symbol : symbols) {
    all += raw(static_cast<std::uint32_t>(*symbol.address - (at + all.size())));
  }
  return all;
}

}  // namespace bpfmatrix
