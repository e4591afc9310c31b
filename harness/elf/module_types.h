// For tests: a module's .BTF section as kernel builds make them.
#pragma once

#include <string>

namespace bpfmatrix {

/// What continues `kernel` with those of `types` that it does not have itself, both whole BTF.
/// Written by libbpf.
std::string module_types(const std::string& kernel, const std::string& types);

}  // namespace bpfmatrix
