#include "vm/vm_exit.h"

namespace bpfmatrix {

std::string_view to_string(End end) {
  switch (end) {
    case End::completed:
      return "completed";
    case End::panicked:
      return "panicked";
    case End::hung:
      return "hung";
    case End::lost:
      return "lost";
    case End::unavailable:
      return "unavailable";
  }
  return "?";
}

std::optional<End> parse_end(std::string_view text) {
  for (const End end : kEnds) {
    if (to_string(end) == text) return end;
  }
  return std::nullopt;
}

}  // namespace bpfmatrix
