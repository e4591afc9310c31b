// For tests: a small ELF file with DWARF that passes for a vmlinux, made by the compiler.
#pragma once

#include <filesystem>
#include <string>

#include "base/ids.h"

namespace bpfmatrix {

struct FakeDebugInfo {
  std::string release = "5.4.1-own";
  Arch arch = Arch::x86_64;
  /// What the struct of a task is called, which has a pid and a tgid.
  std::string task = "task_struct";
};
inline constexpr const char* kFakeBuildId = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

/// Writes `vmlinux`, with the functions do_exit and do_fork and that build id.
void make_debug_info(const std::filesystem::path& vmlinux, const FakeDebugInfo& of = {});

}  // namespace bpfmatrix
