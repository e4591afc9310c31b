#include "guest/agent/relocation_counter.h"

#include <charconv>

namespace bpfmatrix {

void RelocationCounter::see(std::string_view line) {
  // libbpf: prog 'P': relo #0: patched insn #2 (ALU/ALU64) imm 4 -> 2336
  // libbpf: prog 'P': relo #1: substituting insn #7 w/ invalid insn
  constexpr std::string_view kStart = "libbpf: prog '";
  constexpr std::string_view kRelo = "': relo #";
  if (!line.starts_with(kStart)) return;
  line.remove_prefix(kStart.size());
  const std::size_t name_end = line.find(kRelo);
  if (name_end == std::string_view::npos) return;
  const std::string_view rest = line.substr(name_end + kRelo.size());
  int number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return;
  const std::string_view what = rest.substr(static_cast<std::size_t>(end - rest.data()));
  const Relocation relocation{line.substr(0, name_end), number};
  if (what.starts_with(": patched insn #")) applied_.insert(relocation);
  if (what.starts_with(": substituting insn #")) poisoned_.insert(relocation);
}

}  // namespace bpfmatrix
