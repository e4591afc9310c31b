// Unavailable kernels: a reason for each, and no other exit code than 3.
#include <gmock/gmock.h>

#include "base/json.h"
#include "cli/exit_code.h"
#include "cli/unavailable_world.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

class Unavailable : public testing::Test {
 protected:
  /// What a run on this one kernel says of it.
  std::string reason(const std::string& kernel) {
    const Said said = world_.says({"run", "--kernel", kernel, "--case", "ringbuf", "--case",
                                   "helper-unknown", "--out", world_.path(kernel), "--json"});
    EXPECT_EQ(said.exit_code, unknown) << said.err;
    const auto json = parse_json(said.out, "run");
    EXPECT_TRUE(json) << said.out;
    if (!json) return "";
    EXPECT_TRUE((*json)["fields"].empty());
    EXPECT_EQ((*json)["verdicts"]["counts"]["unavailable"], 2);
    EXPECT_EQ((*json)["unavailable"].size(), 1U);
    EXPECT_EQ((*json)["unavailable"][0]["cells"], 2);
    return (*json)["unavailable"][0]["reason"];
  }

  UnavailableWorld world_{};
};

TEST_F(Unavailable, without_a_network) {
  world_.cut_network();
  EXPECT_THAT(reason("no-network"), HasSubstr("/dists/trixie/InRelease': Failed to connect"));
}

TEST_F(Unavailable, a_package_that_is_gone) {
  EXPECT_THAT(reason("gone-rpm"), HasSubstr("gone-1-1.x86_64.rpm': Couldn't open file"));
}

TEST_F(Unavailable, a_package_that_is_another) {
  EXPECT_THAT(reason("wrong-rpm"), HasSubstr("sha256 mismatch in '"));
}

TEST_F(Unavailable, a_kernel_that_was_never_built_is_not_built_by_a_run) {
  EXPECT_EQ(reason("gone-tarball"),
            "not built; 'bpfmatrix kernels build gone-tarball' takes minutes, once");
  EXPECT_FALSE(std::filesystem::exists(world_.path("cache/bpfmatrix/builds")));
}

TEST_F(Unavailable, a_build_that_cannot_be_says_what_is_missing) {
  const std::pair<const char*, const char*> reasons[] = {
      {"no-compiler", "gcc-1"},
      {"gone-tarball", "gone.tar.xz': Couldn't open file"},
      {"wrong-tarball", "sha256 mismatch in '"}};
  for (const auto& [kernel, reason] : reasons) {
    const Said said = world_.says({"kernels", "build", kernel});
    EXPECT_EQ(said.exit_code, unknown) << kernel;
    EXPECT_THAT(said.err, HasSubstr(std::string("error: kernel '") + kernel + "': "));
    EXPECT_THAT(said.err, HasSubstr(reason));
  }
}

TEST_F(Unavailable, a_line_for_each_kernel_is_enough) {
  const Said said = world_.says({"run", "--kernel", "gone-*", "--kernel", "wrong-rpm", "--case",
                                 "ringbuf", "--case", "helper-unknown", "--out", world_.path("r")});
  EXPECT_EQ(said.exit_code, unknown) << said.err;
  EXPECT_THAT(said.out, HasSubstr("unavailable kernels:\n"
                                  "? gone-rpm         2 cells  '"));
  EXPECT_THAT(said.out, HasSubstr("\n? gone-tarball     2 cells  not built; "));
  EXPECT_THAT(said.out, HasSubstr("\n? wrong-rpm        2 cells  sha256 mismatch in '"));
  EXPECT_TRUE(said.out.ends_with("\n6 unavailable\n")) << said.out;
  EXPECT_THAT(said.out, Not(HasSubstr("not conclusive")));
}

}  // namespace
}  // namespace bpfmatrix
