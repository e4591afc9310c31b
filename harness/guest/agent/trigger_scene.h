// What the trigger's process does, written down while it does it, and what is true of it then. The
// values are known before; the record says how far it came.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "guest/messages.h"

namespace bpfmatrix::guest {

inline constexpr std::string_view kComm = "bpfmatrix-trig";
inline constexpr const char* kFile = "/run/bpfmatrix/cell/trigger";
inline constexpr int kFlags = O_RDWR | O_CREAT | O_CLOEXEC;
inline constexpr int kMode = 0640;
// No value that a wrong read is likely to come up with: the port's bytes differ, so that a byte
// order shows, and the descriptor is none that every process has.
inline constexpr int kFirstDescriptor = 100;
inline constexpr std::uint16_t kPort = 28531;        // 0x6f73
inline constexpr std::uint16_t kSourcePort = 28770;  // 0x7062, of the datagram
inline constexpr std::uint32_t kAddress = INADDR_LOOPBACK;
inline constexpr std::string_view kPayload = "bpfmatrix-datagram";
inline constexpr int kEtherTypeIpv4 = 0x0800;

/// Shared by the three processes, so that what a process did is known even if it does not come
/// back from it. `done` counts the operations; the one at `done` may have begun.
struct Scene {
  struct Entry {
    char name[16];
    std::int64_t ret;
  };
  pid_t pid;
  int fd;
  std::int64_t ret;
  unsigned done;
  Entry operations[16];
};

/// The next operation, in the order in which they are made. Allocates nothing.
void record(volatile Scene& scene, std::string_view name, std::int64_t ret);

/// What the process did, and of its values those that it came to: `parent` is its parent's pid,
/// `program` what it became at its end.
Triggered truth_of(const volatile Scene& scene, pid_t parent, const std::string& program);

}  // namespace bpfmatrix::guest
