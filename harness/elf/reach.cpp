#include "elf/reach.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/section_name.h"
#include "elf/code_section.h"
#include "elf/elf_file.h"
#include "elf/little_endian.h"

namespace bpfmatrix {

namespace {

/// By their numbers in <linux/bpf.h> (6.17).
constexpr std::array<std::int32_t, 7> kHelpers{
    36,   // probe_write_user
    58,   // override_return
    104,  // sysctl_set_new_value
    109,  // send_signal
    117,  // send_signal_thread
    166,  // sys_bpf
    168,  // sys_close
};

/// They are functions of the kernel, or decide for it.
constexpr std::array<std::string_view, 5> kTypes{"struct_ops", "lsm", "ext", "syscall", "unknown"};

bool calls_out(std::string_view code) {
  for (std::size_t at = 0; at + kInstructionBytes <= code.size(); at += kInstructionBytes) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(code[at + i]); };
    const bool helper = byte(0) == kCallOpcode && byte(1) >> 4 == 0;
    if (!helper) continue;
    const auto number = read_at<std::int32_t>(code, at + 4);
    if (std::find(kHelpers.begin(), kHelpers.end(), number) != kHelpers.end()) return true;
  }
  return false;
}

bool decides(const ObjectProgram& program) {
  return std::find(kTypes.begin(), kTypes.end(), program.type) != kTypes.end() ||
         parse_section_name(program.section).method == "fmod_ret";
}

}  // namespace

bool reaches_out(const ElfFile& elf, const ObjectInfo& info) {
  // An extern may be a function of the kernel.
  if (info.relocations.externs > 0) return true;
  if (std::any_of(info.programs.begin(), info.programs.end(), decides)) return true;
  return std::any_of(elf.sections().begin(), elf.sections().end(), [](const ElfSection& section) {
    return section.executable() && calls_out(section.bytes);
  });
}

}  // namespace bpfmatrix
