#include "elf/dynamic.h"

#include <elf.h>

#include <cstring>
#include <optional>

#include "base/text.h"
#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxSegments = 1024;
constexpr std::size_t kMaxEntries = 4096;
constexpr std::size_t kMaxNeeded = 1024;
constexpr std::size_t kMaxName = 4096;

class Reading {
 public:
  explicit Reading(std::string_view file) : file_(file) {}

  Result<DynamicInfo> run() {
    const auto header = read_at<Elf64_Ehdr>(file_, 0);
    const bool is_elf = header && std::memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
                        header->e_ident[EI_CLASS] == ELFCLASS64 &&
                        header->e_ident[EI_DATA] == ELFDATA2LSB;
    if (!is_elf) return Error{"no little-endian 64-bit ELF file"};
    info_.machine = header->e_machine;
    info_.executable = header->e_type == ET_EXEC || header->e_type == ET_DYN;
    if (header->e_phnum > kMaxSegments) return Error{"too many segments"};
    for (std::size_t i = 0; i < header->e_phnum; ++i) {
      const auto segment = read_at<Elf64_Phdr>(file_, header->e_phoff + i * sizeof(Elf64_Phdr));
      if (!segment) return Error{"a segment's header lies outside"};
      segments_.push_back(*segment);
    }
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_INTERP) info_.interpreter = text_at(segment.p_offset);
      if (segment.p_type != PT_DYNAMIC) continue;
      if (Result<> read = read_entries(segment); !read) return std::move(read).error();
    }
    return std::move(info_);
  }

 private:
  Result<> read_entries(const Elf64_Phdr& segment) {
    std::vector<Elf64_Dyn> entries;
    std::optional<std::uint64_t> strings;
    const std::size_t count = segment.p_filesz / sizeof(Elf64_Dyn);
    for (std::size_t i = 0; i < count && i < kMaxEntries; ++i) {
      const auto entry = read_at<Elf64_Dyn>(file_, segment.p_offset + i * sizeof(Elf64_Dyn));
      if (!entry) return Error{"its dynamic section lies outside"};
      if (entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_STRTAB) strings = offset_of(entry->d_un.d_ptr);
      entries.push_back(*entry);
    }
    if (!strings) return {};
    std::string runpath;
    std::string rpath;
    for (const Elf64_Dyn& entry : entries) {
      const auto text = [&] { return text_at(*strings + entry.d_un.d_val); };
      if (entry.d_tag == DT_NEEDED) info_.needed.push_back(text());
      if (entry.d_tag == DT_RUNPATH) runpath = text();
      if (entry.d_tag == DT_RPATH) rpath = text();
    }
    if (info_.needed.size() > kMaxNeeded) return Error{"it needs too many libraries"};
    const std::string& search = runpath.empty() ? rpath : runpath;
    for (const std::string_view folder : split(search, ':')) {
      if (!folder.empty()) info_.search.emplace_back(folder);
    }
    return {};
  }

  /// Where what is mapped there lies in the file.
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
      const bool holds = segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
                         address - segment.p_vaddr < segment.p_filesz;
      if (holds) return segment.p_offset + (address - segment.p_vaddr);
    }
    return std::nullopt;
  }

  std::string text_at(std::uint64_t offset) const {
    if (offset >= file_.size()) return "";
    const std::string_view rest = file_.substr(offset, kMaxName);
    return std::string(rest.substr(0, rest.find('\0')));
  }

  std::string_view file_;
  DynamicInfo info_{};
  std::vector<Elf64_Phdr> segments_{};
};

}  // namespace

Result<DynamicInfo> read_dynamic(std::string_view file) { return Reading(file).run(); }

bool is_made_for(const DynamicInfo& file, Arch arch) {
  return file.machine == (arch == Arch::x86_64 ? EM_X86_64 : EM_AARCH64);
}

}  // namespace bpfmatrix
