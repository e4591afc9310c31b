// BPF objects inside another file: an application keeps its own whole, in whatever language it is
// written (a libbpf skeleton's string, Rust's include_bytes, Go's embed), because its loader reads
// it at run time.
#pragma once

#include <string_view>
#include <vector>

namespace bpfmatrix {

/// Views into `file` of what is laid out like a relocatable BPF ELF object of 64 bits, in their
/// order, each content once; at most 64. Whether one is sound is for its reader to say. One that is
/// compressed, or cut, is not found.
std::vector<std::string_view> find_embedded_objects(std::string_view file);

}  // namespace bpfmatrix
