// Which addresses are nobody else's business: this machine's, and those of the networks behind it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix {

/// Not reachable from the public internet, or of a meaning of its own there: loopback, private,
/// link-local (where clouds have their metadata), shared, multicast, reserved (RFC 6890, RFC 4193),
/// also inside IPv6 (mapped, NAT64, 6to4). An address of another family counts as private.
bool is_private_address(const sockaddr& address);

/// "127.0.0.1", "::1": without a port.
std::string address_text(const sockaddr& address);

/// Of an address written out, with or without the brackets of a URL; nothing for a name.
std::optional<sockaddr_storage> parse_address(std::string_view text);

}  // namespace bpfmatrix
