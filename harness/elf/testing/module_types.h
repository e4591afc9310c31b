// For tests: a module and its .BTF section as kernel builds make them.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {

/// What continues `kernel` with those of `types` that it does not have itself, both whole BTF.
/// Written by libbpf.
std::string module_types(const std::string& kernel, const std::string& types);

/// The file kernel/`name`.ko below `folder`, an ELF file with these sections beside its .modinfo.
void write_module(BpfCompiler& compiler, const std::filesystem::path& folder,
                  const std::string& name, const std::map<std::string, std::string>& sections);

}  // namespace bpfmatrix
