#include "guest/loader/app/netlink_attach.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>

#include <cstring>

namespace bpfmatrix::guest {

namespace {

template <typename T>
std::optional<T> take(std::string_view& bytes) {
  if (bytes.size() < NLMSG_ALIGN(sizeof(T))) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(NLMSG_ALIGN(sizeof(T)));
  return value;
}

/// The contents of the first attribute of this type.
std::optional<std::string_view> attribute(std::string_view bytes, int type) {
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr header;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > bytes.size()) return std::nullopt;
    if ((header.nla_type & NLA_TYPE_MASK) == type) {
      return bytes.substr(sizeof header, header.nla_len - sizeof header);
    }
    bytes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
  return std::nullopt;
}

std::optional<int> number(std::optional<std::string_view> bytes) {
  int value = 0;
  if (!bytes || bytes->size() != sizeof value) return std::nullopt;
  std::memcpy(&value, bytes->data(), sizeof value);
  return value;
}

std::optional<NetlinkAttach> parse_xdp(std::string_view bytes) {
  const auto link = take<ifinfomsg>(bytes);
  const auto xdp = link ? attribute(bytes, IFLA_XDP) : std::nullopt;
  const auto fd = xdp ? number(attribute(*xdp, IFLA_XDP_FD)) : std::nullopt;
  // -1 takes away what is there.
  if (!fd || *fd < 0) return std::nullopt;
  return NetlinkAttach{*fd, link->ifi_index, 0};
}

std::optional<NetlinkAttach> parse_tc(std::string_view bytes) {
  const auto filter = take<tcmsg>(bytes);
  const auto options = filter ? attribute(bytes, TCA_OPTIONS) : std::nullopt;
  const auto fd = options ? number(attribute(*options, TCA_BPF_FD)) : std::nullopt;
  if (!fd || *fd < 0) return std::nullopt;
  return NetlinkAttach{*fd, filter->tcm_ifindex, filter->tcm_parent};
}

}  // namespace

std::optional<NetlinkAttach> parse_netlink_request(std::string_view bytes) {
  const auto header = take<nlmsghdr>(bytes);
  if (!header) return std::nullopt;
  if (header->nlmsg_type == RTM_SETLINK) return parse_xdp(bytes);
  if (header->nlmsg_type == RTM_NEWTFILTER) return parse_tc(bytes);
  return std::nullopt;
}

std::optional<int> parse_netlink_answer(std::string_view bytes) {
  const auto header = take<nlmsghdr>(bytes);
  if (!header || header->nlmsg_type != NLMSG_ERROR) return std::nullopt;
  int error = 0;
  if (bytes.size() < sizeof error) return std::nullopt;
  std::memcpy(&error, bytes.data(), sizeof error);
  return error <= 0 && error > -4096 ? std::optional(-error) : std::nullopt;
}

}  // namespace bpfmatrix::guest
