#include "guest/loader/libbpf/network.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/fd.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kLoopback = 1;
constexpr std::uint8_t kRoutePrefix = 32;

/// A request of rtnetlink(7), put together attribute by attribute.
class NetRequest {
 public:
  NetRequest(std::uint16_t type, std::uint16_t flags, const void* body, std::size_t bytes) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(&header, sizeof header);
    append(body, bytes);
  }

  void add(int type, const void* value, std::size_t bytes) {
    rtattr attribute{};
    attribute.rta_type = static_cast<std::uint16_t>(type);
    attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(bytes));
    append(&attribute, sizeof attribute);
    append(value, bytes);
  }
  void add(int type, const std::string& text) { add(type, text.c_str(), text.size() + 1); }
  template <typename T>
  void add_number(int type, T value) {
    add(type, &value, sizeof value);
  }

  /// What `fill` adds is inside it.
  template <typename Fill>
  void nest(int type, const Fill& fill) {
    const std::size_t at = bytes_.size();
    add(type | NLA_F_NESTED, nullptr, 0);
    fill();
    const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at + offsetof(rtattr, rta_len), &length, sizeof length);
  }

  /// 0, or a negative errno.
  int ask() {
    const auto length = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
    const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!socket.valid()) return -errno;
    const auto size = static_cast<ssize_t>(bytes_.size());
    if (::send(socket.get(), bytes_.data(), bytes_.size(), 0) != size) return -errno;
    alignas(nlmsghdr) std::array<char, 8192> answer{};
    const ssize_t got = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr)))) return got < 0 ? -errno : -EIO;
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (header->nlmsg_type != NLMSG_ERROR) return -EIO;
    return static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
  }

 private:
  void append(const void* value, std::size_t bytes) {
    const auto* first = static_cast<const char*>(value);
    if (bytes > 0) bytes_.insert(bytes_.end(), first, first + bytes);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }

  std::vector<char> bytes_{};
};

int raise_interface(int index) {
  ifinfomsg link{};
  link.ifi_index = index;
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  return NetRequest(RTM_NEWLINK, 0, &link, sizeof link).ask();
}

std::string route_address(int number) { return "192.0.2." + std::to_string(number); }

NetRequest route_request(int number, std::uint16_t type, std::uint16_t flags) {
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = kRoutePrefix;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = RT_SCOPE_LINK;
  route.rtm_type = RTN_UNICAST;
  NetRequest request(type, flags, &route, sizeof route);
  in_addr address{};
  ::inet_pton(AF_INET, route_address(number).c_str(), &address);
  request.add_number(RTA_DST, address);
  request.add_number(RTA_OIF, kLoopback);
  return request;
}

int direction_of(bpf_prog_type type) {
  if (type == BPF_PROG_TYPE_LWT_IN) return LWT_BPF_IN;
  if (type == BPF_PROG_TYPE_LWT_OUT) return LWT_BPF_OUT;
  return LWT_BPF_XMIT;
}

}  // namespace

int make_pair_of(const std::string& kind, InterfacePair& pair) {
  pair.name = "bm-" + kind;
  ifinfomsg link{};
  NetRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
  request.add(IFLA_IFNAME, pair.name);
  // The kernel names the other end.
  request.nest(IFLA_LINKINFO, [&] { request.add(IFLA_INFO_KIND, kind); });
  if (const int error = request.ask(); error != 0) return error;
  pair.index = static_cast<int>(::if_nametoindex(pair.name.c_str()));
  if (pair.index == 0) return -ENODEV;
  return raise_interface(pair.index);
}

void remove_interface(int index) {
  ifinfomsg link{};
  link.ifi_index = index;
  (void)NetRequest(RTM_DELLINK, 0, &link, sizeof link).ask();
}

std::string lwt_route(int number) {
  return route_address(number) + "/" + std::to_string(kRoutePrefix);
}

int add_lwt_route(int number, bpf_prog_type type, int program) {
  NetRequest request = route_request(number, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
  request.add_number(RTA_ENCAP_TYPE, std::uint16_t{LWTUNNEL_ENCAP_BPF});
  request.nest(RTA_ENCAP, [&] {
    request.nest(direction_of(type), [&] {
      request.add_number(LWT_BPF_PROG_FD, std::uint32_t(program));
      request.add(LWT_BPF_PROG_NAME, "bpfmatrix");
    });
  });
  return request.ask();
}

void remove_lwt_route(int number) { (void)route_request(number, RTM_DELROUTE, 0).ask(); }

}  // namespace bpfmatrix::guest
