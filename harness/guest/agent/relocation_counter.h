// How many CO-RE relocations libbpf applied and how many it poisoned, read from its debug lines
// (libbpf 0.8+; the library is linked in, so its wording is known).
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace bpfmatrix {

class RelocationCounter {
 public:
  /// Any line that libbpf prints.
  void see(std::string_view line);
  /// A relocation that leaves the instruction as it is counts as applied.
  std::size_t applied() const { return applied_.size(); }
  std::size_t poisoned() const { return poisoned_.size(); }

 private:
  // Program and number. One relocation can patch two things (offset and size of a load), and a
  // poisoned 64-bit load is two instructions.
  using Relocation = std::pair<std::string, int>;
  std::set<Relocation> applied_{};
  std::set<Relocation> poisoned_{};
};

}  // namespace bpfmatrix
