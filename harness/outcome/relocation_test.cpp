#include "outcome/relocation.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

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
