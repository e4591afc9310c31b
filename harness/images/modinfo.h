// What a module file says about itself.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

struct Modinfo {
  std::string name{};
  std::vector<std::string> depends{};
};

/// '-' and '_' name the same module, and '_' is what the kernel says.
std::string module_name(std::string_view text);

/// The ELF file at `path`, decompressed if need be: at most 64 MiB.
/// Error: unreadable, too large, or damaged.
Result<std::string> read_module(const std::filesystem::path& path);

/// The section .modinfo of an ELF file. `name` is empty where the module does not say
/// (before 4.13). Error: not ELF, or no such section. Not const: libelf takes no read-only memory.
Result<Modinfo> read_modinfo(std::string& elf);

}  // namespace bpfmatrix
