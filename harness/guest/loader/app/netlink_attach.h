// XDP and tc programs that are attached by netlink, as everything was before XDP (5.9) and tc (6.6)
// had links: found in the messages that go to and fro.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bpfmatrix::guest {

struct NetlinkAttach {
  int program_fd = -1;
  int interface = 0;
  /// Of tc: TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS) and its like; 0 for XDP.
  std::uint32_t parent = 0;
};

/// The request in one datagram to a route socket. Nothing: it attaches no program.
std::optional<NetlinkAttach> parse_netlink_request(std::string_view bytes);

/// The errno that an answer to a request carries, 0 for done. Nothing: it is no such answer.
std::optional<int> parse_netlink_answer(std::string_view bytes);

}  // namespace bpfmatrix::guest
