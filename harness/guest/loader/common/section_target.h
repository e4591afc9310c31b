// What a program's section says of where it wants to be attached.
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix::guest {

/// "kprobe/do_unlinkat" asks by method "kprobe" for "do_unlinkat".
struct SectionTarget {
  std::string method{};
  std::string asked{};
};
SectionTarget parse_section(std::string_view section);

}  // namespace bpfmatrix::guest
