// Which program of the object it is that a loader has sent to the kernel. Loaders also ask the
// kernel small things of their own at start (probes), by programs of a few instructions.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bpfmatrix::guest {

/// As much of a name as the kernel keeps.
inline constexpr std::size_t kKernelNameLength = BPF_OBJ_NAME_LEN - 1;

/// A program as the object has it.
struct WantedProgram {
  std::string name{};
  std::string section{};
  /// libbpf's word; "unknown" where the section does not say.
  std::string type{};
  /// Of the program's own function.
  std::uint64_t instructions = 0;
  /// The kernel has accepted it already: of several that fit, those it has not come first.
  bool accepted = false;
};

/// A program as BPF_PROG_LOAD had it.
struct ProgramShape {
  /// Cut at 15 characters; empty if the loader gave none.
  std::string name{};
  std::string type{};
  std::uint64_t instructions = 0;
  /// What its BTF calls its function, whole; empty: it has none, or none that can be read.
  std::string function{};
};

/// The index of the one that fits best: name and type must, and no instruction may be missing; more
/// are the functions it calls. A name that was cut is the one that its function has. Nothing: none
/// of the object's.
std::optional<std::size_t> match_program(const std::vector<WantedProgram>& wanted,
                                         const ProgramShape& sent);

/// As whole as it is known.
const std::string& whole_name(const ProgramShape& sent);

/// Too small to be anything but a question to the kernel.
bool looks_like_probe(const ProgramShape& sent);

}  // namespace bpfmatrix::guest
