#include "base/kernel_version.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

TEST(KernelVersion, reads_real_release_strings) {
  EXPECT_EQ(parse_kernel_version("6.1.0-50-cloud-amd64"), (KernelVersion{6, 1, 0}));
  EXPECT_EQ(parse_kernel_version("4.18.0-348.el8.x86_64"), (KernelVersion{4, 18, 0}));
  EXPECT_EQ(parse_kernel_version("7.2.12+deb13-cloud-arm64"), (KernelVersion{7, 2, 12}));
  EXPECT_EQ(parse_kernel_version("5.8"), (KernelVersion{5, 8, 0}));
  EXPECT_EQ(parse_kernel_version("7.3-rc7"), (KernelVersion{7, 3, 0}));
}

TEST(KernelVersion, refuses_what_is_none) {
  for (const char* bad : {"", "6", "6.", ".1", "v6.1", "-1.2", "99999999999.1"}) {
    EXPECT_FALSE(parse_kernel_version(bad)) << bad;
  }
}

TEST(KernelVersion, orders_by_number_not_by_text) {
  EXPECT_LT((KernelVersion{6, 1, 0}), (KernelVersion{6, 12, 0}));
  EXPECT_LT((KernelVersion{5, 10, 223}), (KernelVersion{6, 1, 0}));
  EXPECT_EQ(to_string(KernelVersion{5, 10, 223}), "5.10.223");
}

}  // namespace
}  // namespace bpfmatrix
