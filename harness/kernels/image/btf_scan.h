// BTF among other bytes: is this all of a kernel's BTF, and where in a flat image is it?
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bpfmatrix {

struct BtfShape {
  /// Header, types and strings together.
  std::size_t bytes = 0;
  std::uint32_t types = 0;
  /// No type is of a kind that this program does not know.
  bool all_known = true;
};

/// Reads a BTF blob (little-endian, version 1) at the start of `bytes`: the header's lengths agree,
/// the types follow each other to the exact end of their section, every name is in the string
/// section, which begins and ends with NUL. Nothing if anything is off. Kinds this program does not
/// know (newer than kernel 6.x's 19) end the walk over the types without harm.
std::optional<BtfShape> measure_btf(std::string_view bytes);

/// True if it describes a kernel: it has a `task_struct`.
bool is_vmlinux_btf(std::string_view btf);

/// The largest BTF of a kernel anywhere in `image`; empty if there is none.
std::string_view find_vmlinux_btf(std::string_view image);

}  // namespace bpfmatrix
