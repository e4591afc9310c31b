#include "kernels/image/elf_segments.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

// include/xen/interface/elfnote.h; arch/x86/platform/pvh/head.S, XEN_ELFNOTE_PHYS32_ENTRY, v5.8.
constexpr std::uint32_t kXenPhys32Entry = 18;
constexpr std::size_t kNoteAlign = 4;
constexpr std::size_t kMaxBuildIdBytes = 64;
// Far more than any kernel or vDSO has: what overlaps itself a million times ends here.
constexpr std::size_t kMaxSegments = 128;
constexpr std::size_t kMaxNoteBytes = 64 << 10;
constexpr std::size_t kMaxInnerFiles = 64;
constexpr std::size_t kMaxInnerFileBytes = 64 << 10;

std::uint64_t padded_note(std::uint64_t bytes) {
  return (bytes + kNoteAlign - 1) & ~(kNoteAlign - 1);
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

bool is_build_id(const ElfNote& note) {
  return note.name == "GNU" && note.type == NT_GNU_BUILD_ID && !note.description.empty() &&
         note.description.size() <= kMaxBuildIdBytes;
}

std::vector<ElfNote> notes_of_segments(std::string_view elf) {
  std::vector<ElfNote> notes;
  const Result<std::vector<ElfSegment>> segments = elf_segments(elf);
  if (!segments) return notes;
  for (const ElfSegment& segment : *segments) {
    if (segment.type != PT_NOTE) continue;
    const std::vector<ElfNote> more = elf_notes(segment.bytes.substr(0, kMaxNoteBytes));
    notes.insert(notes.end(), more.begin(), more.end());
  }
  return notes;
}

/// The notes of an ELF file inside a kernel: a vDSO, or the one for 32-bit programs.
template <typename Header, typename Segment>
std::vector<ElfNote> notes_of_inner_file(std::string_view elf) {
  std::vector<ElfNote> notes;
  const auto header = read_at<Header>(elf, 0);
  for (std::uint64_t i = 0; header && i < std::min<std::uint64_t>(header->e_phnum, 16); ++i) {
    const auto segment = read_at<Segment>(elf, header->e_phoff + i * sizeof(Segment));
    if (!segment || segment->p_type != PT_NOTE || segment->p_offset > elf.size()) continue;
    const auto more = elf_notes(elf.substr(segment->p_offset, segment->p_filesz));
    notes.insert(notes.end(), more.begin(), more.end());
  }
  return notes;
}

/// Where notes lie that are not the kernel's own, by their descriptions.
std::vector<const char*> notes_of_inner_files(std::string_view image) {
  std::vector<const char*> places;
  std::size_t files = 0;
  for (auto at = image.find(ELFMAG); at != std::string_view::npos && files < kMaxInnerFiles;
       at = image.find(ELFMAG, at + 1), ++files) {
    const std::string_view elf = image.substr(at, kMaxInnerFileBytes);
    const bool wide = elf.size() > EI_CLASS && elf[EI_CLASS] == ELFCLASS64;
    for (const ElfNote& note : wide ? notes_of_inner_file<Elf64_Ehdr, Elf64_Phdr>(elf)
                                    : notes_of_inner_file<Elf32_Ehdr, Elf32_Phdr>(elf)) {
      places.push_back(note.description.data());
    }
  }
  return places;
}

std::string build_id_of_flat(std::string_view image) {
  constexpr std::string_view kNote("\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0", 16);  // 20 bytes: SHA-1
  const std::vector<const char*> inner = notes_of_inner_files(image);
  std::string found;
  for (auto at = image.find(kNote); at != std::string_view::npos; at = image.find(kNote, at + 1)) {
    const std::vector<ElfNote> notes = elf_notes(image.substr(at, 36));
    if (notes.empty()) continue;
    const std::string_view id = notes.front().description;
    if (std::find(inner.begin(), inner.end(), id.data()) != inner.end()) continue;
    if (!found.empty()) return "";
    found = hex(id);
  }
  return found;
}

}  // namespace

Result<std::vector<ElfSegment>> elf_segments(std::string_view elf) {
  const auto header = read_at<Elf64_Ehdr>(elf, 0);
  if (!header || !elf.starts_with(ELFMAG)) return Error{"not an ELF file"};
  if (header->e_phnum > kMaxSegments) {
    return Error{fmt::format("{} segments; the limit is {}", header->e_phnum, kMaxSegments)};
  }
  const std::uint64_t sections = std::uint64_t{header->e_shnum} * sizeof(Elf64_Shdr);
  if (header->e_shoff > elf.size() || sections > elf.size() - header->e_shoff) {
    return Error{"truncated: its section table reaches past the end of the file"};
  }
  std::vector<ElfSegment> segments;
  for (std::uint64_t i = 0; i < header->e_phnum; ++i) {
    const std::uint64_t step = i * sizeof(Elf64_Phdr);
    const auto segment = header->e_phoff > elf.size()
                             ? std::nullopt
                             : read_at<Elf64_Phdr>(elf, header->e_phoff + step);
    if (!segment) return Error{"truncated: its segment table reaches past the end of the file"};
    if (segment->p_offset > elf.size() || segment->p_filesz > elf.size() - segment->p_offset) {
      return Error{"truncated: a segment reaches past the end of the file"};
    }
    segments.push_back(
        {segment->p_type, segment->p_vaddr, elf.substr(segment->p_offset, segment->p_filesz)});
  }
  return segments;
}

std::vector<ElfNote> elf_notes(std::string_view bytes) {
  std::vector<ElfNote> notes;
  while (const auto header = read_at<Elf64_Nhdr>(bytes, 0)) {
    bytes.remove_prefix(sizeof *header);
    const std::uint64_t name_bytes = padded_note(header->n_namesz);
    if (name_bytes > bytes.size() || header->n_descsz > bytes.size() - name_bytes) break;
    std::string_view name = bytes.substr(0, header->n_namesz);
    if (name.ends_with('\0')) name.remove_suffix(1);
    notes.push_back({name, header->n_type, bytes.substr(name_bytes, header->n_descsz)});
    bytes.remove_prefix(std::min(name_bytes + padded_note(header->n_descsz), bytes.size()));
  }
  return notes;
}

std::string find_build_id(std::string_view kernel) {
  if (!kernel.starts_with(ELFMAG)) return build_id_of_flat(kernel);
  for (const ElfNote& note : notes_of_segments(kernel)) {
    if (is_build_id(note)) return hex(note.description);
  }
  return "";
}

bool has_pvh_entry(std::string_view elf) {
  const std::vector<ElfNote> notes = notes_of_segments(elf);
  return std::any_of(notes.begin(), notes.end(), [](const ElfNote& note) {
    return note.name == "Xen" && note.type == kXenPhys32Entry;
  });
}

}  // namespace bpfmatrix
