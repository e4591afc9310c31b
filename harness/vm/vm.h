// A virtual machine that runs: QEMU as our child, its console kept, a channel to the agent in it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/words.h"
#include "vm/channel.h"
#include "vm/console.h"
#include "vm/qemu_args.h"
#include "vm/qmp.h"
#include "vm/vm_exit.h"

namespace bpfmatrix {

/// Which of the two channels the agent took.
enum class ChannelKind { virtio, serial };
inline constexpr Word<ChannelKind> kChannelKindWords[] = {
    {ChannelKind::virtio, "virtio"},
    {ChannelKind::serial, "serial"},
};
constexpr const auto& words_of(ChannelKind) { return kChannelKindWords; }

class Vm {
 public:
  /// Starts QEMU; does not wait for the guest. QEMU is killed when the calling thread ends, so call
  /// it from one that outlives the machine.
  /// Error: QEMU is not installed, or the console log cannot be made.
  static Result<Vm> start(const VmSpec& spec);
  /// The same for a machine whose RAM is not its own: `ram` is the file, `spec.memory_mib` large.
  /// What happens to such a machine is vm/template.h's business.
  static Result<Vm> start(const VmSpec& spec, const Fd& ram);

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

  /// A channel that was not waited for. The agent of a clone does not speak first, but on the
  /// channel that it had when it was frozen it listens.
  Channel& channel(ChannelKind kind);
  /// Of a machine whose RAM is not its own.
  Qmp& monitor();
  pid_t qemu_pid() const;

  /// What the console has said so far, as it came: the first 256 KiB and the last MiB.
  std::string console() const;
  /// How much that is, and what came after so much of it; all that the guest wrote before it sent
  /// what was received on a channel.
  std::uint64_t console_bytes() const;
  std::string console_since(std::uint64_t bytes) const;

  /// For a person at the console: what it says from now on is written to `fd` as well, which must
  /// outlive the machine.
  void show_console(int fd);
  /// What the person types. False: the machine is gone.
  bool type(std::string_view keys);

  /// Ends the machine and says how it ended. `detail` is what the caller saw, one line,
  /// such as "no answer for 60000 ms". Blocks until QEMU is gone, for two seconds at most.
  VmExit stop(Stop why, std::string detail = "");
  /// The same, but what is there to say it by.
  ExitFacts end(Stop why, std::string detail = "");
  /// Ends the machine; only its destructor waits until it is gone.
  void kill();

 private:
  struct State;
  explicit Vm(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace bpfmatrix
