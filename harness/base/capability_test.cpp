#include "base/capability.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

namespace bpfmatrix {
namespace {

TEST(Capability, has_the_kernels_number) {
  EXPECT_EQ(capability_number("CAP_CHOWN"), CAP_CHOWN);
  EXPECT_EQ(capability_number("CAP_NET_ADMIN"), CAP_NET_ADMIN);
  EXPECT_EQ(capability_number("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
  EXPECT_EQ(capability_number("CAP_SYSLOG"), CAP_SYSLOG);
  EXPECT_EQ(capability_number("CAP_PERFMON"), CAP_PERFMON);
  EXPECT_EQ(capability_number("CAP_BPF"), CAP_BPF);
  EXPECT_EQ(capability_count(), CAP_LAST_CAP + 1);
}

TEST(Capability, unknown_names_have_none) {
  EXPECT_EQ(capability_number("cap_bpf"), std::nullopt);
  EXPECT_EQ(capability_number("CAP_EVERYTHING"), std::nullopt);
  EXPECT_EQ(capability_number(""), std::nullopt);
}

}  // namespace
}  // namespace bpfmatrix
