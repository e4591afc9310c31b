// A kernel's types as a C header: the vmlinux.h that CO-RE programs are compiled against.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace bpfmatrix {

/// The text `bpftool btf dump file FILE format c` prints: every type, in an order C accepts, under
/// preserve_access_index. `btf_file` is raw BTF of at most 64 MiB. Takes about a second for a
/// distribution kernel. Error: the file cannot be read or is no valid BTF.
Result<std::string> vmlinux_header(const std::filesystem::path& btf_file);

}  // namespace bpfmatrix
