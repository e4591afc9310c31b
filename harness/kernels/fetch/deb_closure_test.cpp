#include "kernels/fetch/deb_closure.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

DebPackage package(const std::string& name, const std::string& version,
                   const std::string& depends = "", const std::string& provides = "") {
  DebPackage made;
  made.name = name;
  made.version = version;
  made.depends = *parse_relations(depends);
  made.provides = *parse_relations(provides);
  return made;
}

std::string follow(const std::vector<DebPackage>& packages, const std::vector<std::string>& names) {
  const auto found = follow_depends(packages, names);
  if (!found) return found.error().message + "; " + found.error().hint;
  std::string text;
  for (const DebPackage& one : *found)
    text += (text.empty() ? "" : " ") + one.name + "=" + one.version;
  return text;
}

TEST(DebClosure, has_what_is_named_and_all_that_it_depends_on_once) {
  const std::vector<DebPackage> all{package("tool", "1", "libc, lib (>= 2)"),
                                    package("lib", "1"),
                                    package("lib", "2.1", "libc, base"),
                                    package("libc", "2.41", "lib"),
                                    package("base", "1"),
                                    package("other", "1")};
  EXPECT_EQ(follow(all, {"tool"}), "tool=1 libc=2.41 lib=2.1 base=1");
  EXPECT_EQ(follow(all, {"base", "tool", "base"}), "base=1 tool=1 libc=2.41 lib=2.1");
}

TEST(DebClosure, what_must_be_unpacked_before_counts_too) {
  std::vector<DebPackage> all{package("tool", "1"), package("init", "1")};
  all[0].pre_depends = *parse_relations("init");
  EXPECT_EQ(follow(all, {"tool"}), "tool=1 init=1");
}

TEST(DebClosure, of_alternatives_the_first_that_is_there_unless_one_is_taken) {
  const std::vector<DebPackage> all{package("tool", "1", "gone | b | c"), package("b", "1"),
                                    package("c", "1")};
  EXPECT_EQ(follow(all, {"tool"}), "tool=1 b=1");
  EXPECT_EQ(follow(all, {"tool", "c"}), "tool=1 c=1");
}

TEST(DebClosure, a_name_may_be_provided_by_another) {
  const std::vector<DebPackage> all{
      package("tool", "1", "libapi (>= 2)"), package("old", "1", "", "libapi"),
      package("new", "7", "", "libapi (= 3)"), package("plain", "1", "libapi")};
  EXPECT_EQ(follow(all, {"tool"}), "tool=1 new=7") << "without a version it fits none";
  EXPECT_EQ(follow(all, {"plain"}), "plain=1 old=1");
  EXPECT_EQ(follow(all, {"tool", "plain"}), "tool=1 plain=1 new=7");
}

TEST(DebClosure, what_nothing_meets_is_named_with_whose_it_is) {
  const std::vector<DebPackage> all{package("tool", "1", "lib (>= 3) | gone"), package("lib", "2")};
  EXPECT_EQ(follow(all, {"tool"}),
            "package 'tool' depends on 'lib' (>= 3) | 'gone', which the suite does not have; ");
}

TEST(DebClosure, an_unknown_package_is_named_with_one_like_it) {
  EXPECT_EQ(follow({package("bpftool", "1")}, {"bpftol"}),
            "package 'bpftol': the suite does not have it; did you mean 'bpftool'?");
}

}  // namespace
}  // namespace bpfmatrix
