#include <gtest/gtest.h>

#include "report/explain_sections.h"

namespace bpfmatrix {
namespace {

std::string explained(std::vector<RelocationRecord> records) {
  return explain_relocations({Outcome{}, Features{}, "", ""},
                             {.name = "on_getpid", .relocations = std::move(records)});
}

TEST(ExplainRelocations, a_program_without_any_says_nothing) { EXPECT_EQ(explained({}), ""); }

TEST(ExplainRelocations, what_a_module_has_is_said_as_kallsyms_says_it) {
  EXPECT_EQ(explained({{.function = "on_getpid",
                        .kind = "byte_off",
                        .local = "struct veth_priv::peer",
                        .local_value = 8,
                        .module = "veth",
                        .target_value = 0,
                        .result = RelocationResult::resolved,
                        .cross_check = CrossCheck::agrees}}),
            R"(  relocations, from the compiler's value to this kernel's:
    #   insn  kind      of                             value   result
    #0  0     byte_off  struct veth_priv::peer [veth]  8 -> 0  resolved
)");
}

TEST(ExplainRelocations, each_has_a_line_and_disagreement_stands_out) {
  const std::vector<RelocationRecord> records{
      {.index = 0,
       .function = "on_getpid",
       .insn = 13,
       .kind = "byte_off",
       .local = "struct task_struct::tgid",
       .local_value = 4,
       .target_value = 2420,
       .result = RelocationResult::resolved,
       .cross_check = CrossCheck::agrees},
      {.index = 2,
       .function = "helper",
       .insn = 3,
       .kind = "enumval_value",
       .local = "enum wide::LOW",
       .local_value = UINT64_MAX,
       .result = RelocationResult::poisoned,
       .reason = "enum value not in target",
       .cross_check = CrossCheck::disagrees,
       .cross_check_note = "sent imm 1, calculated the poison"},
      {.index = 3,
       .function = "on_getpid",
       .insn = 20,
       .kind = "type_size",
       .local_value = 8,
       .result = RelocationResult::failed,
       .reason = "no BTF",
       .cross_check_note = "the program was never sent to the kernel"},
  };
  EXPECT_EQ(explained(records),
            R"(  relocations, from the compiler's value to this kernel's:
    #   insn      kind           of                        value      result
    #0  13        byte_off       struct task_struct::tgid  4 -> 2420  resolved
    #2  helper:3  enumval_value  enum wide::LOW            -1 -> -    poisoned !  enum value not in target
    #3  20        type_size      ?                         8 -> -     failed      no BTF
    ! cross-check of #2 disagrees: sent imm 1, calculated the poison
    1 calculated, not compared: the program was never sent to the kernel
)");
}

}  // namespace
}  // namespace bpfmatrix
