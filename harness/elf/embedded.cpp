#include "elf/embedded.h"

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "elf/elf_file.h"
#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxEmbedded = 64;

/// clang before 3.9 called BPF's machine EM_NONE; nobody embeds such objects.
bool is_bpf_object(const Elf64_Ehdr& header) {
  return header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB &&
         header.e_type == ET_REL && header.e_machine == EM_BPF &&
         header.e_shentsize == sizeof(Elf64_Shdr) && header.e_shnum > 0;
}

/// How long the object is that begins `rest`; nothing: it leaves the file, or is none.
std::optional<std::uint64_t> length_of(std::string_view rest) {
  rest = rest.substr(0, kMaxObjectBytes);
  const auto header = read_at<Elf64_Ehdr>(rest, 0);
  if (!header || !is_bpf_object(*header)) return std::nullopt;
  const std::uint64_t table = std::uint64_t{header->e_shnum} * sizeof(Elf64_Shdr);
  if (header->e_shoff > rest.size() || rest.size() - header->e_shoff < table) return std::nullopt;
  std::uint64_t end = header->e_shoff + table;
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    const auto section = read_at<Elf64_Shdr>(rest, header->e_shoff + i * sizeof(Elf64_Shdr));
    if (!section || section->sh_type == SHT_NOBITS) continue;
    if (section->sh_offset > rest.size() || rest.size() - section->sh_offset < section->sh_size)
      return std::nullopt;
    end = std::max(end, section->sh_offset + section->sh_size);
  }
  return end;
}

}  // namespace

std::vector<std::string_view> find_embedded_objects(std::string_view file) {
  std::vector<std::string_view> found;
  std::size_t from = 0;
  while (found.size() < kMaxEmbedded && (from = file.find(ELFMAG, from, SELFMAG)) != file.npos) {
    const auto length = length_of(file.substr(from));
    if (!length) {
      ++from;
      continue;
    }
    const std::string_view object = file.substr(from, *length);
    if (std::find(found.begin(), found.end(), object) == found.end()) found.push_back(object);
    from += *length;
  }
  return found;
}

}  // namespace bpfmatrix
