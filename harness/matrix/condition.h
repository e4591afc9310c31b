// The small language in which a case says where an expectation holds:
//
//     kernel < 5.8 and arch == aarch64
//     btf == none or not has(ringbuf)
//     config(BPF_LSM) and has(fentry)
//
//     condition  := all { "or" all }
//     all        := one { "and" one }
//     one        := "not" one | "(" condition ")" | "always" | comparison | question
//     comparison := "kernel" ("<"|"<="|"=="|"!="|">="|">") VERSION
//                 | ("arch"|"btf"|"loader") ("=="|"!=") WORD
//     question   := "has" "(" FEATURE ")" | "config" "(" OPTION ")" | "symbol" "(" NAME ")"
//
// btf is what there is to relocate against: "kernel", "embedded", "both" or "none"; the source
// "kernel" on a kernel without BTF of its own is "none".
//
// has(NAME) asks what the kernel was seen to have, backports and all: a helper (bpf_loop), a map or
// program type as the kernel's header names it (BPF_MAP_TYPE_RINGBUF), a kfunc, a helper for one
// program type (xdp.bpf_get_current_pid_tgid), or a word for what has no name there
// (bounded_loops). All of them are in kernels/features.json.
//
// A version of two parts stands for the whole series: 5.10.223 == 5.10, and is not > 5.10.
// symbol(X) asks for a function in the kernel's symbol table. config(X) is true for y and m. The
// answer has three values: what was not measured is unknown, and an expectation that hangs on it is
// neither met nor missed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/kernel_version.h"
#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

/// An answer to a question about a kernel.
enum class Ternary { no, yes, unknown };
inline constexpr Word<Ternary> kTernaryWords[] = {
    {Ternary::no, "no"},
    {Ternary::yes, "yes"},
    {Ternary::unknown, "unknown", "not asked, or not found out"},
};
constexpr const auto& words_of(Ternary) { return kTernaryWords; }

Ternary operator!(Ternary a);
Ternary operator&&(Ternary a, Ternary b);
Ternary operator||(Ternary a, Ternary b);

/// What a condition may ask about one cell.
struct ConditionFacts {
  std::optional<KernelVersion> kernel{};
  std::string arch{};
  std::string btf{};
  std::string loader{};
  // Each answers for one name; an empty function knows nothing.
  std::function<Ternary(const std::string&)> has{};
  std::function<Ternary(const std::string&)> config{};
  std::function<Ternary(const std::string&)> symbol{};
};

/// ConditionFacts::btf of a BTF source, by its word.
std::string btf_at_hand(std::string_view source, bool kernel_has_btf);

/// Everything a condition asks about.
struct ConditionAtoms {
  std::set<KernelVersion> versions{};
  std::set<std::string> archs{};
  std::set<std::string> btf{};
  std::set<std::string> loaders{};
  std::set<std::string> has{};
  std::set<std::string> config{};
  std::set<std::string> symbol{};
};

class Condition {
 public:
  /// Always true.
  Condition();
  /// Error: what was wanted and what is there instead.
  static Result<Condition> parse(std::string_view text);

  Ternary holds(const ConditionFacts& facts) const;
  /// Adds what this condition asks about.
  void collect(ConditionAtoms& atoms) const;
  /// As it was written.
  const std::string& text() const { return text_; }

  struct Node;

 private:
  std::string text_ = "always";
  std::shared_ptr<const Node> root_{};
};

}  // namespace bpfmatrix
