// The names that a kernel carries for /proc/kallsyms, read out of its image.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix {

struct KernelSymbol {
  /// As nm(1) has it: 'T', 'd', ...
  char type = 0;
  std::string name{};
  /// Where it is linked to run; nothing where the image alone does not say (an arm64 Image that
  /// relocates itself, tables of a layout not known here).
  std::optional<std::uint64_t> address{};
};

/// CONFIG_KALLSYMS's compressed tables (scripts/kallsyms.c), found in a flat image or an ELF file
/// by what must hold in them, in the layouts of v4.18 to v7: all names in the table's order. Empty
/// when the kernel has none, or none that holds. Takes a fraction of a second, whatever the bytes.
std::vector<KernelSymbol> find_kallsyms(std::string_view kernel);

/// As a System.map; a symbol without an address has sixteen zeros.
std::string system_map_text(const std::vector<KernelSymbol>& symbols);

}  // namespace bpfmatrix
