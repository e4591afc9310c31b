#include "guest/loader/app/program_match.h"

#include <tuple>

namespace bpfmatrix::guest {

namespace {

constexpr std::string_view kUnknownType = "unknown";
/// The largest probe of libbpf 1.4, aya 0.13 and ebpf-go 0.16 has fewer.
constexpr std::uint64_t kMaxProbeInstructions = 16;

/// A section that names no type leaves it to the application.
bool is_of_type(const WantedProgram& wanted, const ProgramShape& sent) {
  return wanted.type == sent.type || wanted.type == kUnknownType;
}

bool is_cut_of_function(const ProgramShape& sent) {
  return !sent.function.empty() && sent.function.substr(0, kKernelNameLength) == sent.name;
}

bool may_be(const WantedProgram& wanted, const ProgramShape& sent) {
  if (sent.instructions < wanted.instructions || !is_of_type(wanted, sent)) return false;
  if (is_cut_of_function(sent)) return wanted.name == sent.function;
  if (!sent.name.empty()) return wanted.name.substr(0, kKernelNameLength) == sent.name;
  // Without a name the number of instructions must be right, and more than any probe's.
  return sent.instructions == wanted.instructions && sent.type == wanted.type &&
         !looks_like_probe(sent);
}

}  // namespace

std::optional<std::size_t> match_program(const std::vector<WantedProgram>& wanted,
                                         const ProgramShape& sent) {
  using Misfit = std::tuple<bool, std::uint64_t, bool>;
  std::optional<std::size_t> best;
  Misfit least{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!may_be(wanted[i], sent)) continue;
    const Misfit misfit{wanted[i].type != sent.type, sent.instructions - wanted[i].instructions,
                        wanted[i].accepted};
    if (best && misfit >= least) continue;
    best = i;
    least = misfit;
  }
  return best;
}

const std::string& whole_name(const ProgramShape& sent) {
  return is_cut_of_function(sent) ? sent.function : sent.name;
}

bool looks_like_probe(const ProgramShape& sent) {
  return sent.instructions <= kMaxProbeInstructions;
}

}  // namespace bpfmatrix::guest
