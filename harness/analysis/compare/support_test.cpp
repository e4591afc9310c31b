#include "analysis/compare/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

std::string place(std::string_view kernel, std::string_view release = "",
                  std::string_view arch = "") {
  const KernelPlace place = place_of(kernel, release, arch);
  return place.series + " " + place.version + " " + place.arch;
}

TEST(Support, a_kernel_has_its_place_by_its_id) {
  EXPECT_EQ(place("debian-6.1-x86_64"), "debian 6.1 x86_64");
  EXPECT_EQ(place("debian-7.x-aarch64"), "debian 7.x aarch64");
  EXPECT_EQ(place("linux-5.8-nobtf-x86_64"), "linux-nobtf 5.8 x86_64");
  EXPECT_EQ(place("mine", "6.6.3-custom", "x86_64"), "mine 6.6.3 x86_64");
  EXPECT_EQ(place("mine"), "mine  ");
  EXPECT_EQ(place("6.1"), "6.1  ") << "a series needs a name";
  EXPECT_EQ(place(""), "  ");
}

TEST(Support, versions_are_ordered_by_their_numbers) {
  EXPECT_TRUE(compare_versions("5.8", "5.10") < 0);
  EXPECT_TRUE(compare_versions("7.x", "7.2") > 0);
  EXPECT_TRUE(compare_versions("7.x", "8.0") < 0);
  EXPECT_TRUE(compare_versions("6.1", "6.1.5") < 0);
  EXPECT_TRUE(compare_versions("6.1", "6.1") == 0);
  EXPECT_TRUE(compare_versions("", "6.1") < 0);
  EXPECT_TRUE(compare_versions("99999999999999999999", "1") != 0);
}

TEST(Support, a_program_works_where_it_is_loaded_and_attached_and_reads_right) {
  for (const Sign sign : {Sign::attached, Sign::loaded, Sign::not_fired})
    EXPECT_EQ(works(sign), Works::yes) << to_string(sign);
  for (const Sign sign : {Sign::wrong_reads, Sign::not_attached, Sign::loaded_skipped,
                          Sign::attach_failed, Sign::failed, Sign::not_reached, Sign::panicked})
    EXPECT_EQ(works(sign), Works::no) << to_string(sign);
  EXPECT_EQ(works(Sign::unknown), Works::unknown);
}

const SupportedProgram kProgram{"exec.bpf", "on_exec", "kernel", "libbpf"};

/// Of one program on debian's kernels, as "5.8 no, 5.10 yes".
Support support(const std::vector<std::pair<std::string, Works>>& seen) {
  SupportBuilder builder;
  for (const auto& [version, works] : seen) {
    const std::string kernel = "debian-" + version + "-x86_64";
    builder.add(kProgram, place_of(kernel),
                {.kernel = kernel, .works = works, .why = works == Works::yes ? "" : "because"});
  }
  return builder.finish()[kProgram].at(0);
}

TEST(Support, the_oldest_kernel_is_found_whatever_the_order) {
  const Support found =
      support({{"6.1", Works::yes}, {"5.8", Works::no}, {"5.10", Works::yes}, {"4.18", Works::no}});
  ASSERT_EQ(found.oldest(), 2U);
  EXPECT_EQ(found.seen[2].version, "5.10");
  EXPECT_TRUE(found.is_bounded());
  EXPECT_THAT(reasons_text(found, Works::no, 0, 2), ElementsAre("not on 4.18, 5.8: because"));
}

TEST(Support, what_is_not_known_is_neither_support_nor_a_bound) {
  const Support found =
      support({{"5.8", Works::no}, {"5.10", Works::unknown}, {"6.1", Works::yes}});
  EXPECT_EQ(found.oldest(), 2U);
  EXPECT_FALSE(found.is_bounded());
  EXPECT_THAT(reasons_text(found, Works::unknown, 0, 3), ElementsAre("not known on 5.10: because"));
  EXPECT_FALSE(support({{"5.8", Works::unknown}}).oldest());
  EXPECT_FALSE(support({{"5.8", Works::yes}}).is_bounded()) << "nothing older was tried";
}

TEST(Support, a_hole_is_a_kernel_between_that_does_not_do) {
  const Support found =
      support({{"5.8", Works::no}, {"5.10", Works::yes}, {"6.1", Works::no}, {"6.12", Works::yes}});
  EXPECT_FALSE(found.is_hole(0));
  EXPECT_FALSE(found.is_hole(1));
  EXPECT_TRUE(found.is_hole(2));
}

TEST(Support, what_the_object_came_to_its_programs_came_to) {
  SupportBuilder builder;
  builder.add(kProgram, place_of("debian-6.1-x86_64"),
              {.kernel = "debian-6.1-x86_64", .works = Works::yes});
  SupportedProgram object = kProgram;
  object.program.clear();
  builder.add(object, place_of("debian-5.10-x86_64"),
              {.kernel = "debian-5.10-x86_64", .works = Works::no, .why = "did not open"});
  const SupportTable table = builder.finish();
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table.at(kProgram).at(0).seen.size(), 2U);
  EXPECT_EQ(table.at(kProgram).at(0).seen[0].why, "did not open");
}

TEST(Support, series_and_architectures_stand_apart) {
  SupportBuilder builder;
  for (const char* kernel :
       {"linux-5.8-x86_64", "debian-6.1-x86_64", "debian-6.1-aarch64", "linux-5.8-nobtf-x86_64"})
    builder.add(kProgram, place_of(kernel), {.kernel = kernel, .works = Works::yes});
  std::vector<std::string> places;
  SupportTable table = builder.finish();
  for (const Support& one : table[kProgram]) places.push_back(one.series + one.arch);
  EXPECT_THAT(places,
              ElementsAre("debianaarch64", "debianx86_64", "linuxx86_64", "linux-nobtfx86_64"));
}

}  // namespace
}  // namespace bpfmatrix
