// What programs of the network are attached to where the guest has no such thing by itself: pairs
// of interfaces, and a route that runs a program.
#pragma once

#include <linux/bpf.h>

#include <string>

namespace bpfmatrix::guest {

/// Two interfaces, of which the first is up: what is taken away with it is the other.
struct InterfacePair {
  std::string name{};
  int index = 0;
};

/// `kind` is "veth" or "netkit" (6.7, 35dfaad7188c). Below 0: a negative errno.
int make_pair_of(const std::string& kind, InterfacePair& pair);
void remove_interface(int index);

/// To where no packet of the guest goes (TEST-NET-1, RFC 5737), out of `lo`; what would take it
/// runs the program. `number` is below 255: there is one route for each program. `type` is one of
/// lwt's three. Below 0: a negative errno.
std::string lwt_route(int number);
int add_lwt_route(int number, bpf_prog_type type, int program);
void remove_lwt_route(int number);

}  // namespace bpfmatrix::guest
