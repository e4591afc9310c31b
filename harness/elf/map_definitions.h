// The maps of an object, in each of the three ways an object can describe one.
#pragma once

#include <vector>

#include "elf/btf.h"
#include "elf/elf_file.h"
#include "elf/object.h"

namespace bpfmatrix {

/// In the order .maps, maps, global data. `btf` may be nullptr: maps of .maps then have names only.
std::vector<ObjectMap> read_maps(const ElfFile& elf, const Btf* btf);

/// True for the section of one kind or the other: what a relocation against it refers to.
bool is_map_section(std::string_view section);
bool is_global_data_section(std::string_view section);

}  // namespace bpfmatrix
