// A virtual machine that runs: QEMU as our child, its console kept, a channel to the agent in it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vm/channel.h"
#include "vm/console.h"
#include "vm/qemu_args.h"
#include "vm/vm_exit.h"

namespace bpfmatrix {

/// Which of the two channels the agent took.
enum class ChannelKind { virtio, serial };
std::string_view to_string(ChannelKind kind);

class Vm {
 public:
  /// Starts QEMU; does not wait for the guest. QEMU is killed when the calling thread ends, so call
  /// it from one that outlives the machine.
  /// Error: QEMU is not installed, or the console log cannot be made.
  static Result<Vm> start(const VmSpec& spec);

  Vm(Vm&&) noexcept;
  Vm& operator=(Vm&&) noexcept;
  /// Kills QEMU if `stop` was not called.
  ~Vm();

  /// Blocks until the agent has sent its first bytes, on whichever channel; they are still to be
  /// received. The channel lives as long as the machine.
  /// Error: the deadline passed, or both channels closed. `stop` tells what it was.
  Result<Channel*> connect(Clock::time_point deadline);
  /// Of a machine that is connected.
  ChannelKind channel_kind() const;
  /// From `start` to the end of a successful `connect`.
  std::chrono::milliseconds ready_after() const;

  /// What the console has said so far, as it came: the first 256 KiB and the last MiB.
  std::string console() const;
  std::uint64_t console_bytes() const;

  /// Ends the machine and says how it came to its end. `detail` is what the caller saw, one line,
  /// such as "no answer for 60000 ms". Blocks until QEMU is gone, for two seconds at most.
  VmExit stop(Stop why, std::string detail = "");

 private:
  struct State;
  explicit Vm(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace bpfmatrix
