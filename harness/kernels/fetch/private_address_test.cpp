#include "kernels/fetch/private_address.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

bool is_private(const char* text) {
  const auto address = parse_address(text);
  EXPECT_TRUE(address) << text;
  return is_private_address(reinterpret_cast<const sockaddr&>(*address));
}

TEST(PrivateAddress, is_what_is_this_machine_s_or_of_a_network_behind_it) {
  for (const char* text : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.9.9.9",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.168.1.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "[::1]",
                           "fc00::1",
                           "fdff::1",
                           "fe80::1",
                           "fe80::1%eth0",
                           "fec0::1",
                           "ff02::1",
                           "::ffff:10.0.0.1",
                           "::ffff:127.0.0.1",
                           "64:ff9b::169.254.169.254",
                           "2002:7f00:1::1"}) {
    EXPECT_TRUE(is_private(text)) << text;
  }
}

TEST(PrivateAddress, is_nothing_that_the_whole_internet_can_reach) {
  for (const char* text :
       {"9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "128.0.0.1", "151.101.2.132",
        "169.253.0.1", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.0.1", "193.168.0.1",
        "223.255.255.255", "2a04:4e42::644", "::ffff:151.101.2.132", "64:ff9b::9765:284",
        "2002:9765:284::1"}) {
    EXPECT_FALSE(is_private(text)) << text;
  }
}

TEST(PrivateAddress, an_address_of_another_family_counts_as_private) {
  EXPECT_TRUE(is_private_address(sockaddr{}));
}

TEST(PrivateAddress, a_name_is_no_address) {
  for (const char* text : {"", "localhost", "mirror.example.org", "10.0.0", "1.2.3.4.5", "[]"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(PrivateAddress, is_shown_without_port_and_brackets) {
  for (const char* text : {"127.0.0.1", "2a04:4e42::644"}) {
    EXPECT_EQ(address_text(reinterpret_cast<const sockaddr&>(*parse_address(text))), text);
  }
}

}  // namespace
}  // namespace bpfmatrix
