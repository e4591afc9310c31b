// An application whose library does not mind that there is no BTF: it leaves the object's CO-RE
// relocations undone and loads what the compiler wrote, as Aya does where no BTF is to be had. The
// programs load, attach and run; what they read is right only on the kernel they were compiled for.
//
//     lenient OBJECT
#include <bpf/btf.h>
#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "guest/apps/application.h"

namespace {

using bpfmatrix::guest::ObjectPtr;

std::string read_all(const char* file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The element `index` of an array that begins at `offset`; false: it does not lie inside.
template <typename T>
bool read_at(const std::string& bytes, std::uint64_t offset, std::uint64_t index, T& value) {
  if (offset > bytes.size() || index >= (bytes.size() - offset) / sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset + index * sizeof(T), sizeof(T));
  return true;
}

bool is_called(const std::string& bytes, const Elf64_Shdr& names, std::uint32_t at,
               const char* name) {
  return names.sh_offset <= bytes.size() && at < bytes.size() - names.sh_offset &&
         std::strcmp(bytes.c_str() + names.sh_offset + at, name) == 0;
}

/// libbpf makes the relocations that the section .BTF.ext lists, and knows it by its name.
void forget_relocations(std::string& bytes) {
  Elf64_Ehdr header{};
  Elf64_Shdr names{};
  Elf64_Shdr section{};
  if (!read_at(bytes, 0, 0, header) || !read_at(bytes, header.e_shoff, header.e_shstrndx, names)) {
    return;
  }
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    if (!read_at(bytes, header.e_shoff, i, section)) return;
    if (!is_called(bytes, names, section.sh_name, ".BTF.ext")) continue;
    section.sh_name = 0;
    std::memcpy(bytes.data() + header.e_shoff + i * sizeof section, &section, sizeof section);
  }
}

bool kernel_has_btf() {
  btf* found = btf__load_vmlinux_btf();
  btf__free(found);
  return found != nullptr;
}

ObjectPtr open_object(const char* file, const bpf_object_open_opts& options) {
  std::string bytes = read_all(file);
  if (options.btf_custom_path == nullptr && !kernel_has_btf()) forget_relocations(bytes);
  bpf_object_open_opts named = options;
  named.object_name = "lenient";
  return {bpf_object__open_mem(bytes.data(), bytes.size(), &named), &bpf_object__close};
}

}  // namespace

int main(int argc, char** argv) {
  return bpfmatrix::guest::run_application(argc, argv, open_object);
}
