#include "report/kernel_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(KernelText, answers_stand_in_three_groups_with_the_errno_that_decided) {
  KernelFacts facts;
  facts.release = "6.1.0";
  facts.arch = "x86_64";
  facts.options["lockdown"] = "none";
  facts.probed["map_type"]["BPF_MAP_TYPE_HASH"] = {Ternary::yes, ""};
  facts.probed["map_type"]["BPF_MAP_TYPE_ARENA"] = {Ternary::no, "EINVAL"};
  facts.probed["map_type"]["BPF_MAP_TYPE_QUEUE"] = {Ternary::unknown, "EPERM"};
  const std::string text = kernel_text(facts, Features());
  EXPECT_THAT(text, HasSubstr("release                    6.1.0 x86_64\n"));
  EXPECT_THAT(text, HasSubstr("lockdown                   none\n"));
  EXPECT_THAT(text, HasSubstr("map types\n"
                              "  yes      HASH\n"
                              "  no       ARENA(EINVAL)\n"
                              "  unknown  QUEUE(EPERM)\n"));
  EXPECT_THAT(text, HasSubstr("kallsyms                  unknown\n"));
}

TEST(KernelText, says_where_the_kernel_is_not_as_its_version_says) {
  const Features features({{.kind = FeatureKind::map_type,
                            .name = "BPF_MAP_TYPE_ARENA",
                            .text = "arenas",
                            .since = {6, 9, 0}}},
                          {});
  KernelFacts facts;
  facts.release = "6.1.0";
  EXPECT_THAT(kernel_text(facts, features), Not(HasSubstr("features.json")));
  facts.probed["map_type"]["BPF_MAP_TYPE_ARENA"].answer = Ternary::yes;
  EXPECT_THAT(kernel_text(facts, features),
              HasSubstr("different from what kernels/features.json says of its version\n"
                        "  BPF_MAP_TYPE_ARENA: came in 6.9, but this kernel has it\n"));
}

}  // namespace
}  // namespace bpfmatrix
