#include "cell/cross_check.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <bit>

#include "core/patch.h"

namespace bpfmatrix {
namespace {

std::uint64_t slot(std::uint8_t code, std::int16_t off, std::int32_t imm) {
  return std::bit_cast<std::uint64_t>(
      bpf_insn{.code = code, .dst_reg = 1, .src_reg = 0, .off = off, .imm = imm});
}
std::uint64_t add(std::int32_t imm) { return slot(BPF_ALU64 | BPF_ADD | BPF_K, 0, imm); }
std::uint64_t poison() {
  return std::bit_cast<std::uint64_t>(bpf_insn{
      .code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = kCorePoison});
}

/// `add 4`, which on this kernel is to be `add to`.
CoreResult moved_to(std::int32_t to) {
  return {.section = "xdp",
          .function = "p",
          .index = 2,
          .instruction = 5,
          .local = "struct s::x",
          .local_value = 4,
          .target = "struct s::x",
          .target_value = to,
          .candidates = 1,
          .outcome = to == 4 ? CoreOutcome::unchanged : CoreOutcome::resolved,
          .edits = {{CoreField::imm, 4, to}},
          .before = {add(4)},
          .after = {add(to)}};
}
CoreResult without_number() {
  return {.outcome = CoreOutcome::poisoned,
          .reason = "field not in target",
          .before = {add(4)},
          .after = {poison()}};
}
CoreResult without_btf() {
  return {
      .local_value = 4, .outcome = CoreOutcome::skipped, .reason = "no BTF", .before = {add(4)}};
}
CoreResult given_up() {
  return {.outcome = CoreOutcome::failed,
          .reason = "ambiguous: 2 candidates differ",
          .before = {add(4)}};
}

SaidRelocation said(RelocationResult result, std::vector<SaidEdit> edits = {}) {
  return {.function = "p", .index = 2, .insn = 5, .result = result, .edits = std::move(edits)};
}

struct Row {
  const char* what;
  CoreResult calculated;
  std::optional<std::uint64_t> sent;
  std::optional<SaidRelocation> said;
  RelocationResult result;
  CrossCheck cross_check;
  const char* words;
};

using enum RelocationResult;
using enum CrossCheck;

std::vector<Row> rows() {
  return {
      {"all three agree", moved_to(8), add(8), said(resolved, {{"imm", 4, 8}}), resolved, agrees,
       ""},
      {"a silent loader", moved_to(8), add(8), {}, resolved, agrees, ""},
      {"right as it was", moved_to(4), add(4), said(unchanged, {{"imm", 4, 4}}), unchanged, agrees,
       ""},
      {"poison", without_number(), poison(), said(poisoned), poisoned, agrees, ""},
      {"no BTF and nothing done", without_btf(), add(4), {}, skipped, agrees, ""},
      {"left as it was though another number is true",
       moved_to(8),
       add(4),
       {},
       skipped,
       disagrees,
       "sent imm 4, code 0x07, calculated imm 8, code 0x07"},
      {"another number",
       moved_to(8),
       add(12),
       {},
       resolved,
       disagrees,
       "sent imm 12, code 0x07, calculated imm 8, code 0x07"},
      {"poison where a number is true",
       moved_to(8),
       poison(),
       {},
       poisoned,
       disagrees,
       "sent the poison, calculated imm 8, code 0x07"},
      {"no poison where no number is true",
       without_number(),
       add(4),
       {},
       skipped,
       disagrees,
       "sent imm 4, code 0x07, calculated the poison"},
      {"a loader that does not do what it says", moved_to(8), add(8),
       said(resolved, {{"imm", 4, 12}}), resolved, disagrees,
       "the loader says 'resolved, imm 4 -> 12', calculated 'resolved, imm 4 -> 8'"},
      {"a loader that found BTF where none was", without_btf(), add(4),
       said(unchanged, {{"imm", 4, 4}}), skipped, disagrees,
       "the loader says 'unchanged, imm 4 -> 4', calculated 'skipped'"},
      {"sent though it had to give up",
       given_up(),
       add(4),
       {},
       skipped,
       disagrees,
       "sent imm 4, code 0x07, but the loader should have failed: ambiguous: 2 candidates differ"},
      {"given up", given_up(), {}, said(failed), failed, agrees, ""},
      {"never sent, and nothing said", moved_to(8), {}, {}, resolved, not_compared, "never sent"},
  };
}

TEST(Weigh, what_was_sent_decides_and_contradictions_are_named) {
  for (const Row& row : rows()) {
    RelocationSides sides{.calculated = row.calculated, .unsent = "never sent"};
    if (row.sent) sides.sent = {*row.sent};
    if (row.said) sides.said = &*row.said;
    const RelocationRecord record = cross_check(sides);
    EXPECT_EQ(to_string(record.result), to_string(row.result)) << row.what;
    EXPECT_EQ(to_string(record.cross_check), to_string(row.cross_check)) << row.what;
    EXPECT_EQ(record.cross_check_note, row.words) << row.what;
  }
}

TEST(Weigh, a_skipped_relocation_says_why) {
  RelocationSides sides{.calculated = without_btf(), .sent = {{add(4)}}};
  EXPECT_EQ(cross_check(sides).reason, "no BTF");
  sides.calculated = moved_to(8);
  EXPECT_EQ(cross_check(sides).reason, "the compiler's value was left in place");
}

TEST(Weigh, an_object_that_was_given_up_has_not_skipped_its_relocations) {
  const RelocationRecord record = cross_check({.calculated = without_btf(), .object_failed = true});
  EXPECT_EQ(record.result, failed);
  EXPECT_EQ(record.reason, "no BTF");
}

TEST(Weigh, the_local_value_is_the_one_the_compiler_chose) {
  CoreResult calculated = moved_to(8);
  calculated.local_value = 1;  // as calculated; a bitfield may be loaded in several ways
  EXPECT_EQ(cross_check({.calculated = calculated}).local_value, 4U);
}

TEST(Weigh, a_64_bit_load_is_two_slots_and_all_of_its_bits_count) {
  constexpr std::uint8_t kLoad = BPF_LD | BPF_IMM | BPF_DW;
  CoreResult calculated{.outcome = CoreOutcome::resolved,
                        .edits = {{CoreField::imm64, 1, -1}},
                        .before = {slot(kLoad, 0, 1), slot(0, 0, 0)},
                        .after = {slot(kLoad, 0, -1), slot(0, 0, -1)}};
  const SaidRelocation log = said(resolved, {{"imm64", 1, UINT64_MAX}});
  RelocationSides sides{.calculated = calculated, .sent = calculated.after, .said = &log};
  EXPECT_EQ(cross_check(sides).cross_check, agrees);
  (*sides.sent)[1] = slot(0, 0, 0);
  EXPECT_EQ(cross_check(sides).cross_check_note,
            "sent imm64 0xffffffff, calculated imm64 0xffffffffffffffff");
}

TEST(Weigh, a_load_that_moves_another_number_of_bytes_has_two_edits) {
  const CoreResult calculated{.outcome = CoreOutcome::resolved,
                              .edits = {{CoreField::off, 0, 16}, {CoreField::mem_size, 4, 8}},
                              .before = {slot(BPF_LDX | BPF_W | BPF_MEM, 0, 0)},
                              .after = {slot(BPF_LDX | BPF_DW | BPF_MEM, 16, 0)}};
  const SaidRelocation whole = said(resolved, {{"off", 0, 16}, {"mem_sz", 4, 8}});
  const SaidRelocation half = said(resolved, {{"off", 0, 16}});
  EXPECT_EQ(cross_check({.calculated = calculated, .said = &whole}).cross_check, agrees);
  EXPECT_EQ(cross_check({.calculated = calculated, .said = &half}).cross_check, disagrees);
}

}  // namespace
}  // namespace bpfmatrix
