// Whether what an object's programs do stays within them and their maps.
#pragma once

#include "elf/elf_file.h"
#include "elf/object.h"

namespace bpfmatrix {

/// True if a guest is not what it was when they are gone: they may write to the memory of
/// processes, change what system calls and settings come to, send signals, call functions of the
/// kernel or be such; also where a section does not say what its program is. Of `info` its programs
/// and relocations are looked at.
bool reaches_out(const ElfFile& elf, const ObjectInfo& info);

}  // namespace bpfmatrix
