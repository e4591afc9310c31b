#include "guest/agent/relocation_counter.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

// As libbpf 1.4.6 prints them.
TEST(RelocationCounter, counts_each_relocation_once) {
  RelocationCounter counter;
  for (const char* line : {
           "libbpf: prog 'p': relo #0: <byte_off> [5] struct task_struct.real_parent (0:1 @ offset "
           "8)",
           "libbpf: prog 'p': relo #0: matching candidate #0 <byte_off> [191] struct task_struct",
           "libbpf: prog 'p': relo #0: patched insn #4 (ALU/ALU64) imm 8 -> 2432",
           "libbpf: prog 'p': relo #1: patched insn #7 (LDX/ST/STX) off 0 -> 16",
           "libbpf: prog 'p': relo #1: patched insn #7 (LDX/ST/STX) mem_sz 4 -> 8",
           "libbpf: prog 'q': relo #1: patched insn #7 (ALU/ALU64) imm 8 -> 8",
           "libbpf: prog 'p': relo #2: substituting insn #9 w/ invalid insn",
           "libbpf: prog 'p': relo #2: substituting insn #10 w/ invalid insn",
       }) {
    counter.see(line);
  }
  EXPECT_EQ(counter.applied(), 3U);
  EXPECT_EQ(counter.poisoned(), 1U);
}

TEST(RelocationCounter, other_lines_count_for_nothing) {
  RelocationCounter counter;
  for (const char* line : {"", "libbpf: prog '", "libbpf: prog 'p': relo #x: patched insn #1",
                           "libbpf: prog 'p': relo #0: poisoning insn #3 that loads map 'm'",
                           "prog 'p': relo #0: patched insn #4", "libbpf: map 'm': created"}) {
    counter.see(line);
  }
  EXPECT_EQ(counter.applied() + counter.poisoned(), 0U);
}

}  // namespace
}  // namespace bpfmatrix
