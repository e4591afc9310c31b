// What `kernels btf` says where there is nothing to write.
#include <gmock/gmock.h>

#include "cli/exit_code.h"
#include "cli/unavailable_world.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

class KernelsBtf : public testing::Test {
 protected:
  Said says(const std::string& kernel) {
    return world_.says({"kernels", "btf", kernel, "-o", world_.path("out.btf")});
  }
  void TearDown() override { EXPECT_FALSE(std::filesystem::exists(world_.path("out.btf"))); }

  UnavailableWorld world_{};
};

TEST_F(KernelsBtf, of_a_kernel_that_nobody_knows_is_a_wrong_command) {
  const Said said = says("no-such-kernel");
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("no-such-kernel"));
}

TEST_F(KernelsBtf, of_a_kernel_that_cannot_be_had_says_why) {
  const Said said = says("gone-rpm");
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.err, HasSubstr("gone-1-1.x86_64.rpm"));
}

}  // namespace
}  // namespace bpfmatrix
