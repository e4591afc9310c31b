// What an executable or library says that it needs to run: its interpreter, its libraries by name,
// and where to look for them first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

struct DynamicInfo {
  /// EM_*.
  std::uint16_t machine = 0;
  /// ET_EXEC or ET_DYN: what can be run, or loaded into what runs.
  bool executable = false;
  /// "/lib64/ld-linux-x86-64.so.2"; empty: a static program, or a library.
  std::string interpreter{};
  /// DT_NEEDED, in their order: "libc.so.6".
  std::vector<std::string> needed{};
  /// DT_RUNPATH, else DT_RPATH, split at ':'; "$ORIGIN" is left in.
  std::vector<std::string> search{};
};

/// Of a little-endian 64-bit ELF file. Error, without a file's name: it is none, or what it names
/// does not lie within it; more than 1024 libraries.
Result<DynamicInfo> read_dynamic(std::string_view file);

bool is_made_for(const DynamicInfo& file, Arch arch);

}  // namespace bpfmatrix
