// The rules that find the cause of a failure, as data. Each pattern must match one whole line, and
// each rule holds for certain errnos only: neither alone is a reason.
#pragma once

#include <string_view>
#include <vector>

#include "analysis/causes/cause.h"

namespace bpfmatrix {

struct CauseRule {
  Cause cause = Cause::unknown;
  /// Names, separated by spaces; empty: any.
  std::string_view errnos{};
  /// RE2 syntax. The first group that took part is the subject, what it is about, but for the one
  /// named `insn`: the instruction, where the line says so itself. `{reg}` is a group for a
  /// register or argument as the verifier names them.
  std::string_view pattern{};
  /// Empty: a real log among the fixtures has such a line. Else the versions of the kernel's source
  /// or of the loader that it was read in.
  std::string_view read_in{};
};

/// For the line of a verifier's log. The first that matches holds.
const std::vector<CauseRule>& verifier_rules();
/// For the lines of a loader's message, without libbpf's prefix. The first line that any rule
/// matches holds.
const std::vector<CauseRule>& message_rules();

}  // namespace bpfmatrix
