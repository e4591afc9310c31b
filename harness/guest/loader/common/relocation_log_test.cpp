#include "guest/loader/common/relocation_log.h"

#include <gtest/gtest.h>

namespace bpfmatrix::guest {
namespace {

RelocationLog log_of(const std::vector<const char*>& lines) {
  RelocationLog log;
  for (const char* line : lines) log.see(line);
  return log;
}

// As libbpf 1.4.6 prints them.
TEST(RelocationLog, counts_each_relocation_once) {
  const RelocationLog log = log_of({
      "libbpf: prog 'p': relo #0: <byte_off> [5] struct task_struct.real_parent (0:1 @ offset 8)",
      "libbpf: prog 'p': relo #0: matching candidate #0 <byte_off> [191] struct task_struct",
      "libbpf: prog 'p': relo #0: patched insn #4 (ALU/ALU64) imm 8 -> 2432",
      "libbpf: prog 'p': relo #1: patched insn #7 (LDX/ST/STX) off 0 -> 16",
      "libbpf: prog 'p': relo #1: patched insn #7 (LDX/ST/STX) mem_sz 4 -> 8",
      "libbpf: prog 'q': relo #1: patched insn #7 (ALU/ALU64) imm 8 -> 8",
      "libbpf: prog 'p': relo #2: substituting insn #9 w/ invalid insn",
      "libbpf: prog 'p': relo #2: substituting insn #10 w/ invalid insn",
      "libbpf: prog 'p': relo #0: patched insn #4 (ALU/ALU64) imm 8 -> 2432",
  });
  EXPECT_EQ(log.applied(), 3U);
  EXPECT_EQ(log.poisoned(), 1U);
  ASSERT_EQ(log.relocations().size(), 4U);
}

TEST(RelocationLog, keeps_what_was_put_where) {
  const RelocationLog log = log_of({
      "libbpf: prog 'p': relo #1: patched insn #7 (LDX/ST/STX) off 0 -> 16",
      "libbpf: prog 'p': relo #1: patched insn #7 (LDX/ST/STX) mem_sz 4 -> 8",
      "libbpf: prog 'p': relo #2: substituting insn #9 w/ invalid insn",
      "libbpf: prog 'p': relo #2: substituting insn #10 w/ invalid insn",
      "libbpf: prog 'p': relo #3: patched insn #11 (LDIMM64) imm64 18446744073709551615 -> 3",
      "libbpf: prog 'p': relo #4: patched insn #13 (ALU/ALU64) imm 8 -> 8",
      "libbpf: prog 'p': relo #5: failed to relocate: -22",
      "libbpf: prog 'p': relo #6: failed to patch insn #20: -22",
  });
  const std::vector<LoggedRelocation> all = log.relocations();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].result(), "resolved");
  EXPECT_EQ(all[0].insn, 7U);
  ASSERT_EQ(all[0].edits.size(), 2U);
  EXPECT_EQ(all[0].edits[1].field, "mem_sz");
  EXPECT_EQ(all[0].edits[1].after, 8U);
  EXPECT_EQ(all[1].result(), "poisoned");
  EXPECT_EQ(all[1].insn, 9U);
  EXPECT_EQ(all[2].edits.at(0).before, UINT64_MAX);
  EXPECT_EQ(all[3].result(), "unchanged");
  EXPECT_EQ(all[4].result(), "failed");
  EXPECT_EQ(all[5].result(), "failed");
}

TEST(RelocationLog, other_lines_count_for_nothing) {
  const RelocationLog log = log_of(
      {"", "libbpf: prog '", "libbpf: prog 'p': relo #x: patched insn #1",
       "libbpf: prog 'p': relo #0: poisoning insn #3 that loads map 'm'",
       "libbpf: prog 'p': relo #0: patched insn #", "libbpf: prog 'p': relo #0: patched insn #4",
       "libbpf: prog 'p': relo #0: patched insn #4 (ALU/ALU64) imm 8 -> ",
       "libbpf: prog 'p': relo #99999999999: substituting insn #4 w/ invalid insn",
       "prog 'p': relo #0: patched insn #4", "libbpf: map 'm': created"});
  EXPECT_TRUE(log.relocations().empty());
}

}  // namespace
}  // namespace bpfmatrix::guest
