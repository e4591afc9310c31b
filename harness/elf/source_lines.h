// Which line of its source an instruction of a program came from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

struct SourceLocation {
  /// Without its folders.
  std::string file{};
  std::uint32_t line = 0;
  /// Without the spaces before it.
  std::string text{};
};

/// The line information of all programs of an object.
class SourceLines {
 public:
  /// Error: no readable .BTF.ext.
  static Result<SourceLines> of(const ElfFile& object);
  /// Reads at most 64 MiB; any content is safe. Error: no ELF file, or as of().
  static Result<SourceLines> read(const std::filesystem::path& object);

  /// `instruction` counts 8-byte slots from the program's first. Nothing beyond its last: loaders
  /// put the functions that it calls there, in an order of their own.
  std::optional<SourceLocation> find(std::string_view program, std::uint32_t instruction) const;

 private:
  struct Record {
    std::uint32_t instruction = 0;
    SourceLocation location{};
  };
  struct Program {
    std::string name{};
    std::uint64_t instructions = 0;
    std::vector<Record> records{};
  };
  std::vector<Program> programs_{};
};

}  // namespace bpfmatrix
