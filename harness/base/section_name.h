// What the name of a program's section says, in libbpf's grammar (libbpf.c: section_defs, and
// find_sec_def): "?fentry.s/vfs_read" is a program that is loaded only on request, may sleep, and
// is to be attached by the method "fentry" to "vfs_read". Compiled on both sides.
#pragma once

#include <string_view>

namespace bpfmatrix {

/// Refers to the section's name, or to constants.
struct SectionName {
  /// '?' in front: libbpf loads the program only on request.
  bool on_request = false;
  /// ".s" behind the method.
  bool sleepable = false;
  /// One word for each way of attaching, whichever of its words the section has: "tracepoint" for
  /// "tp". Unknown words are left as they are.
  std::string_view method{};
  /// Behind the first '/'; empty where the section does not say.
  std::string_view target{};
  /// The name without the '?'.
  std::string_view without_mark{};
};

SectionName parse_section_name(std::string_view section);

/// The section alone says what to attach to: "kprobe/do_unlinkat", but not "kprobe", "xdp" or
/// "cgroup/connect4", which leave that to user space.
bool names_a_place(const SectionName& name);

}  // namespace bpfmatrix
