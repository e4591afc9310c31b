// How a loader links one program of an object: its entry function, and behind it every function it
// calls, directly or through others, in the order of the first call. The order is libbpf's
// (bpf_object__reloc_code() in libbpf.c), which other loaders need not keep.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "elf/elf_file.h"

namespace bpfmatrix {

struct LinkedFunction {
  std::string section{};
  std::string name{};
  /// In slots of 8 bytes: in its section, and in the linked program.
  std::uint64_t first = 0;
  std::uint64_t at = 0;
  std::uint64_t count = 0;
};

/// The entry function first, at 0. Error: no such program, a call that leads to no function, more
/// functions than any kernel takes.
Result<std::vector<LinkedFunction>> link_program(const ElfFile& elf, std::string_view program);

}  // namespace bpfmatrix
