#include "guest/loader/app/netlink_attach.h"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <string>

namespace bpfmatrix::guest {
namespace {

template <typename T>
std::string bytes_of(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string attribute(int type, const std::string& contents) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + contents.size()),
                      static_cast<std::uint16_t>(type)};
  std::string bytes = bytes_of(header) + contents;
  bytes.resize(NLA_ALIGN(bytes.size()));
  return bytes;
}

std::string message(std::uint16_t type, const std::string& contents) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + contents.size());
  header.nlmsg_type = type;
  return bytes_of(header) + contents;
}

std::string xdp_request(int fd) {
  ifinfomsg link{};
  link.ifi_index = 1;
  return message(RTM_SETLINK, bytes_of(link) + attribute(IFLA_XDP | NLA_F_NESTED,
                                                         attribute(IFLA_XDP_FLAGS, bytes_of(2)) +
                                                             attribute(IFLA_XDP_FD, bytes_of(fd))));
}

std::string tc_request(int fd) {
  tcmsg filter{};
  filter.tcm_ifindex = 3;
  filter.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
  return message(RTM_NEWTFILTER,
                 bytes_of(filter) + attribute(TCA_KIND, std::string("bpf\0", 4)) +
                     attribute(TCA_OPTIONS, attribute(TCA_BPF_FD, bytes_of(fd)) +
                                                attribute(TCA_BPF_NAME, std::string("x\0", 2))));
}

TEST(NetlinkAttach, xdp) {
  const auto attach = parse_netlink_request(xdp_request(7));
  ASSERT_TRUE(attach);
  EXPECT_EQ(attach->program_fd, 7);
  EXPECT_EQ(attach->interface, 1);
  EXPECT_EQ(attach->parent, 0U);
}

TEST(NetlinkAttach, tc) {
  const auto attach = parse_netlink_request(tc_request(9));
  ASSERT_TRUE(attach);
  EXPECT_EQ(attach->program_fd, 9);
  EXPECT_EQ(attach->interface, 3);
  EXPECT_EQ(attach->parent, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
}

TEST(NetlinkAttach, taking_a_program_away_attaches_none) {
  EXPECT_FALSE(parse_netlink_request(xdp_request(-1)));
  EXPECT_FALSE(parse_netlink_request(message(RTM_GETLINK, bytes_of(ifinfomsg{}))));
}

TEST(NetlinkAttach, answers) {
  EXPECT_EQ(parse_netlink_answer(message(NLMSG_ERROR, bytes_of(-EBUSY) + bytes_of(nlmsghdr{}))),
            EBUSY);
  EXPECT_EQ(parse_netlink_answer(message(NLMSG_ERROR, bytes_of(0) + bytes_of(nlmsghdr{}))), 0);
  EXPECT_FALSE(parse_netlink_answer(message(NLMSG_DONE, bytes_of(0))));
  EXPECT_FALSE(parse_netlink_answer(message(NLMSG_ERROR, bytes_of(12))));
}

TEST(NetlinkAttach, damaged_messages_are_none) {
  for (const std::string& whole : {xdp_request(7), tc_request(9)}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto attach = parse_netlink_request(std::string_view(whole).substr(0, length));
      EXPECT_TRUE(!attach || attach->program_fd >= 0);
    }
    for (std::size_t at = sizeof(nlmsghdr); at < whole.size(); ++at) {
      std::string damaged = whole;
      damaged[at] = '\xff';
      parse_netlink_request(damaged);
    }
  }
}

}  // namespace
}  // namespace bpfmatrix::guest
