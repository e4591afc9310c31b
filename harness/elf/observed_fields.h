// What an object's programs can report: the fields of `struct observed`, the value of the map
// `observed` (cases/include/observed.h).
#pragma once

#include <string>
#include <vector>

namespace bpfmatrix {

/// In the order of the struct; empty if there is none, or no BTF that could be read.
std::vector<std::string> observed_fields(std::string object_bytes);

}  // namespace bpfmatrix
