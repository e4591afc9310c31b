#include "vm/vm_exit.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(End, every_one_has_a_word_that_reads_back) {
  for (const End end : kEnds) EXPECT_EQ(parse_end(to_string(end)), end);
  EXPECT_EQ(parse_end("finished"), std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix
