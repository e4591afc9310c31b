#include "guest/agent/loopback.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

#include "base/fd.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kLoopbackIndex = 1;

Fd netlink_socket() { return Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)); }

ifreq loopback_request() {
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  return request;
}

/// One netlink message with room for a few attributes. Nested ones are written by hand: the
/// attribute that nests, then what is in it.
struct Message {
  nlmsghdr header{};
  union {
    ifinfomsg link;
    tcmsg tc;
  } body{};
  alignas(4) char attributes[64] = {};
};

void* add_attribute(Message& message, std::uint16_t type, std::uint16_t bytes) {
  const std::size_t at = NLMSG_ALIGN(message.header.nlmsg_len);
  auto* attribute = reinterpret_cast<rtattr*>(reinterpret_cast<char*>(&message) + at);
  attribute->rta_type = type;
  attribute->rta_len = static_cast<std::uint16_t>(RTA_LENGTH(bytes));
  message.header.nlmsg_len = static_cast<std::uint32_t>(at + RTA_LENGTH(bytes));
  return RTA_DATA(attribute);
}

/// That there is nothing to remove is the usual answer, so nothing waits for one.
void send_message(const Fd& socket, const Message& message) {
  (void)::send(socket.get(), &message, message.header.nlmsg_len, MSG_DONTWAIT);
}

}  // namespace

void raise_loopback(std::vector<std::string>& notes) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq address = loopback_request();
  auto* inet = reinterpret_cast<sockaddr_in*>(&address.ifr_addr);
  inet->sin_family = AF_INET;
  inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ifreq flags = loopback_request();
  flags.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(socket.get(), SIOCSIFADDR, &address) != 0 ||
      ::ioctl(socket.get(), SIOCSIFFLAGS, &flags) != 0) {
    notes.push_back(system_note("lo"));
  }
}

void clear_loopback() {
  const Fd socket = netlink_socket();
  Message xdp;
  xdp.header = {NLMSG_LENGTH(sizeof(ifinfomsg)), RTM_SETLINK, NLM_F_REQUEST, 0, 0};
  xdp.body.link.ifi_index = kLoopbackIndex;
  constexpr std::uint16_t kInner = RTA_SPACE(sizeof(int)) + RTA_SPACE(sizeof(std::uint32_t));
  void* nest = add_attribute(xdp, IFLA_XDP | NLA_F_NESTED, kInner);
  auto* fd = static_cast<rtattr*>(nest);
  *fd = {RTA_LENGTH(sizeof(int)), IFLA_XDP_FD};
  *static_cast<int*>(RTA_DATA(fd)) = -1;
  auto* flags = reinterpret_cast<rtattr*>(static_cast<char*>(nest) + RTA_SPACE(sizeof(int)));
  *flags = {RTA_LENGTH(sizeof(std::uint32_t)), IFLA_XDP_FLAGS};
  *static_cast<std::uint32_t*>(RTA_DATA(flags)) = XDP_FLAGS_SKB_MODE;
  send_message(socket, xdp);

  Message qdisc;
  qdisc.header = {NLMSG_LENGTH(sizeof(tcmsg)), RTM_DELQDISC, NLM_F_REQUEST, 0, 0};
  qdisc.body.tc.tcm_ifindex = kLoopbackIndex;
  qdisc.body.tc.tcm_parent = TC_H_CLSACT;
  send_message(socket, qdisc);
}

}  // namespace bpfmatrix::guest
