#include "outcome/relocation.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(Relocation, every_word_reads_back) {
  for (const RelocationResult result : kRelocationResults) {
    EXPECT_EQ(parse_relocation_result(to_string(result)), result);
  }
  for (const WitnessResult result : kWitnessResults) {
    EXPECT_EQ(parse_witness_result(to_string(result)), result);
  }
  EXPECT_EQ(parse_relocation_result("applied"), std::nullopt);
  EXPECT_EQ(parse_witness_result(""), std::nullopt);
}

TEST(Relocation, the_gravest_result_is_found_wherever_it_stands) {
  EXPECT_EQ(gravest({}), std::nullopt);
  EXPECT_EQ(gravest({{.result = RelocationResult::unchanged}}), RelocationResult::unchanged);
  EXPECT_EQ(gravest({{.result = RelocationResult::poisoned},
                     {.result = RelocationResult::skipped},
                     {.result = RelocationResult::resolved}}),
            RelocationResult::skipped);
}

}  // namespace
}  // namespace bpfmatrix
