#include "cell/cross_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/bpf.h>

#include <algorithm>
#include <bit>

#include "core/patch.h"

namespace bpfmatrix {

namespace {

using Slots = std::vector<std::uint64_t>;

constexpr std::uint8_t kCall = BPF_JMP | BPF_CALL;
constexpr std::uint8_t kLoadImm64 = BPF_LD | BPF_IMM | BPF_DW;

bool is_poison(std::uint64_t slot) {
  const auto insn = std::bit_cast<bpf_insn>(slot);
  return insn.code == kCall && insn.imm == kCorePoison;
}

/// The number an instruction holds where a relocation would put it: "imm 2432", "off 16 of 8
/// bytes".
std::string in_words(const Slots& slots) {
  if (slots.empty()) return "nothing";
  if (is_poison(slots[0])) return "the poison";
  const auto insn = std::bit_cast<bpf_insn>(slots[0]);
  if (insn.code == kLoadImm64 && slots.size() > 1) {
    const auto high = static_cast<std::uint32_t>(std::bit_cast<bpf_insn>(slots[1]).imm);
    return fmt::format("imm64 {:#x}",
                       std::uint64_t{high} << 32 | static_cast<std::uint32_t>(insn.imm));
  }
  switch (BPF_CLASS(insn.code)) {
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
      return fmt::format("off {}, code {:#04x}", insn.off, insn.code);
    default:
      return fmt::format("imm {}, code {:#04x}", insn.imm, insn.code);
  }
}

/// What the instruction must be if the loader did as calculated.
const Slots& expected(const CoreResult& calculated) {
  return calculated.after.empty() ? calculated.before : calculated.after;
}

RelocationResult result_of(CoreOutcome outcome) {
  switch (outcome) {
    case CoreOutcome::resolved:
      return RelocationResult::resolved;
    case CoreOutcome::unchanged:
      return RelocationResult::unchanged;
    case CoreOutcome::poisoned:
      return RelocationResult::poisoned;
    case CoreOutcome::skipped:
      return RelocationResult::skipped;
    case CoreOutcome::failed:
      return RelocationResult::failed;
  }
  return RelocationResult::failed;
}

/// Poison counts as such in whichever slot; a value left where another is true was skipped.
RelocationResult result_of(const CoreResult& calculated, const Slots& sent) {
  if (std::any_of(sent.begin(), sent.end(), is_poison)) return RelocationResult::poisoned;
  if (sent != calculated.before) return RelocationResult::resolved;
  return calculated.outcome == CoreOutcome::unchanged ? RelocationResult::unchanged
                                                      : RelocationResult::skipped;
}

/// The instruction sent is not the one calculated: how. Empty: it is.
std::string sent_against_calculated(const CoreResult& calculated, const Slots& sent) {
  if (calculated.outcome == CoreOutcome::failed) {
    return fmt::format("sent {}, but the loader should have failed: {}", in_words(sent),
                       calculated.reason);
  }
  if (sent == expected(calculated)) return "";
  return fmt::format("sent {}, calculated {}", in_words(sent), in_words(expected(calculated)));
}

/// libbpf logs 64 bits of what an instruction holds in 32 or 16.
bool same_edit(const CoreEdit& calculated, const SaidEdit& said) {
  const auto equal = [&](std::int64_t ours, std::uint64_t theirs) {
    if (calculated.field == CoreField::imm64) return static_cast<std::uint64_t>(ours) == theirs;
    return static_cast<std::uint32_t>(ours) == static_cast<std::uint32_t>(theirs);
  };
  return to_string(calculated.field) == said.field && equal(calculated.before, said.before) &&
         equal(calculated.after, said.after);
}

bool same_edits(const CoreResult& calculated, const SaidRelocation& said) {
  return std::equal(calculated.edits.begin(), calculated.edits.end(), said.edits.begin(),
                    said.edits.end(), same_edit);
}

std::string in_words(const SaidRelocation& said) {
  std::string words(to_string(said.result));
  for (const SaidEdit& edit : said.edits) {
    words += fmt::format(", {} {} -> {}", edit.field, static_cast<std::int64_t>(edit.before),
                         static_cast<std::int64_t>(edit.after));
  }
  return words;
}

std::string in_words(const CoreResult& calculated) {
  std::string words(to_string(calculated.outcome));
  for (const CoreEdit& edit : calculated.edits) {
    words += fmt::format(", {} {} -> {}", to_string(edit.field), edit.before, edit.after);
  }
  return words;
}

std::string said_against_calculated(const CoreResult& calculated, const SaidRelocation& said) {
  const bool same = said.result == result_of(calculated.outcome) && same_edits(calculated, said);
  if (same) return "";
  return fmt::format("the loader says '{}', calculated '{}'", in_words(said), in_words(calculated));
}

void compare(const RelocationSides& sides, RelocationRecord& record) {
  std::vector<std::string> words;
  if (sides.sent) {
    words.push_back(sent_against_calculated(sides.calculated, *sides.sent));
  }
  if (sides.said != nullptr) {
    words.push_back(said_against_calculated(sides.calculated, *sides.said));
  }
  if (words.empty()) {
    record.cross_check_note = sides.unsent;
    return;
  }
  std::erase(words, "");
  record.cross_check = words.empty() ? CrossCheck::agrees : CrossCheck::disagrees;
  record.cross_check_note = fmt::format("{}", fmt::join(words, "; "));
}

/// What became of it, where no instruction tells.
RelocationResult result_unsent(const RelocationSides& sides) {
  if (sides.said != nullptr) return sides.said->result;
  const RelocationResult calculated = result_of(sides.calculated.outcome);
  const bool given_up = sides.object_failed && calculated == RelocationResult::skipped;
  return given_up ? RelocationResult::failed : calculated;
}

/// The number the compiler left. Where compilers may choose (how to load a bitfield), it need not
/// be the one calculated from the object's types.
std::optional<std::uint64_t> local_value(const CoreResult& calculated) {
  if (calculated.edits.empty()) return calculated.local_value;
  return static_cast<std::uint64_t>(calculated.edits.front().before);
}

}  // namespace

RelocationRecord cross_check(const RelocationSides& sides) {
  const CoreResult& calculated = sides.calculated;
  RelocationRecord record{.index = calculated.index,
                          .function = calculated.function,
                          .insn = calculated.instruction,
                          .kind = std::string(to_string(calculated.kind)),
                          .local = calculated.local,
                          .local_value = local_value(calculated),
                          .target = calculated.target,
                          .target_value = calculated.target_value,
                          .candidates = calculated.candidates,
                          .reason = calculated.reason};
  record.result = sides.sent ? result_of(calculated, *sides.sent) : result_unsent(sides);
  if (record.result == RelocationResult::skipped && record.reason.empty()) {
    record.reason = "the compiler's value was left in place";
  }
  compare(sides, record);
  return record;
}

}  // namespace bpfmatrix
