#include "base/nearest.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

const std::vector<std::string> kKernels{"debian-5.10-x86_64", "debian-6.1-aarch64",
                                        "debian-6.1-x86_64", "linux-4.18-x86_64"};

TEST(Nearest, counts_what_must_change) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("kernel", "kernal"), 1) << "another character";
  EXPECT_EQ(edit_distance("kernl", "kernel"), 1) << "one too few";
  EXPECT_EQ(edit_distance("kernell", "kernel"), 1) << "one too many";
  EXPECT_EQ(edit_distance("kenrel", "kernel"), 1) << "two exchanged";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(Nearest, a_glob_stands_for_what_it_matches) {
  EXPECT_EQ(edit_distance("debian-*-x86_64", "debian-6.1-x86_64"), 0);
  EXPECT_EQ(edit_distance("debain-*", "debian-6.1-x86_64"), 1);
  EXPECT_EQ(edit_distance("*", "anything"), 0);
  EXPECT_EQ(edit_distance("debian-6.?-x86_64", "debian-6.1-x86_64"), 0);
}

TEST(Nearest, finds_what_was_meant) {
  EXPECT_EQ(nearest("debian-6.1-x86-64", kKernels), "debian-6.1-x86_64");
  EXPECT_EQ(nearest("debain-6.1-*", kKernels), "debian-6.1-aarch64");
  EXPECT_EQ(nearest("linux-4.18", kKernels), "linux-4.18-x86_64") << "a part of it";
  EXPECT_EQ(nearest("debian-6.1", kKernels), "debian-6.1-x86_64") << "the shortest";
  EXPECT_EQ(nearest("windows", kKernels), "");
  EXPECT_EQ(nearest("", kKernels), "");
  EXPECT_EQ(nearest("x", {"y"}), "") << "nothing of it is left";
  EXPECT_EQ(nearest(std::string(100'000, 'a'), kKernels), "");
}

TEST(Nearest, the_hint_names_it_or_some_of_those_that_are_known) {
  EXPECT_EQ(hint_for_unknown("debian-6.2-x86_64", kKernels, "bpfmatrix kernels list"),
            "did you mean 'debian-6.1-x86_64'?");
  EXPECT_EQ(hint_for_unknown("zz", {"abc", "def"}), "known: abc, def");
  std::vector<std::string> many;
  for (int i = 0; i < 20; ++i) many.push_back("name" + std::to_string(i));
  EXPECT_EQ(hint_for_unknown("zz", many, "bpfmatrix cases list"),
            "known: name0, name1, name2, name3, name4, name5, name6, name7 and 12 more; see "
            "'bpfmatrix cases list'");
  EXPECT_EQ(hint_for_unknown("zz", {}), "");
}

}  // namespace
}  // namespace bpfmatrix
