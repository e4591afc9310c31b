#include "run/cache/build_id.h"

#include <link.h>

#include <cstring>

#include "base/sha256.h"

namespace bpfmatrix {

namespace {

/// Notes are a header, a name and a description, each filled up to four bytes.
std::string build_id_in(std::string_view notes) {
  ElfW(Nhdr) note{};
  const auto padded = [](std::size_t bytes) { return (bytes + 3) / 4 * 4; };
  while (notes.size() >= sizeof note) {
    std::memcpy(&note, notes.data(), sizeof note);
    notes.remove_prefix(sizeof note);
    const std::size_t name = padded(note.n_namesz);
    const std::size_t whole = name + padded(note.n_descsz);
    if (whole > notes.size()) break;
    if (note.n_type == NT_GNU_BUILD_ID) return std::string(notes.substr(name, note.n_descsz));
    notes.remove_prefix(whole);
  }
  return "";
}

/// Called for the program first, and for no library.
int take_build_id(dl_phdr_info* program, std::size_t, void* build_id) {
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = program->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const char*>(program->dlpi_addr + header.p_vaddr);
    std::string found = build_id_in({notes, header.p_memsz});
    if (!found.empty()) *static_cast<std::string*>(build_id) = std::move(found);
  }
  return 1;
}

}  // namespace

Result<std::string> build_hash() {
  std::string build_id;
  ::dl_iterate_phdr(take_build_id, &build_id);
  return build_id.empty() ? sha256_file("/proc/self/exe") : sha256_hex(build_id);
}

}  // namespace bpfmatrix
