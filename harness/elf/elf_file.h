// Sections, symbols and relocations of a BPF ELF file, bounds-checked and read-only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// No object is larger.
inline constexpr std::uint64_t kMaxObjectBytes = 64 << 20;
/// In an object's sections of code.
inline constexpr std::uint32_t kInstructionBytes = 8;
/// BPF_JMP | BPF_CALL: its source register says what is called.
inline constexpr std::uint8_t kCallOpcode = 0x85;

struct ElfSection {
  std::string_view name{};
  std::uint32_t type = 0;   ///< SHT_*
  std::uint64_t flags = 0;  ///< SHF_*
  std::uint32_t link = 0;
  std::uint32_t info = 0;
  std::uint64_t size = 0;
  /// `size` bytes, or none of a section that takes no room in the file (SHT_NOBITS).
  std::string_view bytes{};

  bool executable() const;
};
struct ElfSymbol {
  std::string_view name{};
  std::uint8_t type = 0;      ///< STT_*
  std::uint8_t binding = 0;   ///< STB_*
  std::uint16_t section = 0;  ///< an index into sections(), or one of SHN_*
  std::uint64_t value = 0;
  std::uint64_t size = 0;
};
struct ElfRelocation {
  std::uint64_t offset = 0;
  std::uint32_t type = 0;    ///< R_BPF_*
  std::uint32_t symbol = 0;  ///< an index into symbols(), not checked
};

class ElfFile {
 public:
  /// Any little-endian 64-bit ELF file. Error, without the file's name: a header or section that
  /// does not lie within `bytes`.
  static Result<ElfFile> parse(std::string bytes);

  /// What they hold stays valid as long as the ElfFile, moved or not.
  const std::vector<ElfSection>& sections() const { return sections_; }
  const std::vector<ElfSymbol>& symbols() const { return symbols_; }
  /// nullptr: there is none of that name.
  const ElfSection* section(std::string_view name) const;
  /// The entries of a SHT_REL section; none of any other.
  std::vector<ElfRelocation> relocations(const ElfSection& section) const;

 private:
  explicit ElfFile(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<> read_sections();
  Result<> read_symbols();

  /// Never short enough to live inside the string object: an ELF header has 64 bytes.
  std::string bytes_;
  std::vector<ElfSection> sections_{};
  std::vector<ElfSymbol> symbols_{};
};

}  // namespace bpfmatrix
