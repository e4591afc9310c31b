// Where cells get their guests from. An interface, so that tests can replay what guests once said.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "guest/session.h"
#include "outcome/kernel_facts.h"
#include "vm/accel.h"
#include "vm/console.h"
#include "vm/vm_exit.h"

namespace bpfmatrix {

/// A kernel with its agent up, ready to be given cells: booted, or cloned from a template.
class Guest {
 public:
  virtual ~Guest() = default;

  virtual Session& session() = 0;
  /// How long whoever needed it had to wait.
  virtual std::chrono::milliseconds ready_after() const = 0;
  virtual Accel accel() const = 0;
  virtual bool cloned() const = 0;
  /// What the console has said, as it came.
  virtual std::string console() const = 0;
  /// How much that is, and what came after so much of it.
  virtual std::uint64_t console_bytes() const = 0;
  virtual std::string console_since(std::uint64_t bytes) const = 0;
  /// Ends the machine, because of what was `seen`, and says what it left. Blocks a few seconds at
  /// most.
  virtual ExitFacts give_up(const std::string& seen) = 0;
  /// Ends the machine, without waiting until it is gone.
  virtual void kill() = 0;
};

/// Or why there is no guest.
using GuestOrExit = std::variant<std::unique_ptr<Guest>, VmExit>;

/// How far a guest is made ready before it is needed.
enum class Ahead {
  /// It answers.
  awake,
  /// And it has pulled the trigger once, while there was no program that could fire. Under
  /// emulation most of a cell's time goes into code that runs for the first time. Doing it twice
  /// costs a tenth more in all, so it is for a host that has a processor to spare.
  rehearsed,
};

/// A guest that comes up before it is needed; only its source knows what it is.
class GuestAhead {
 public:
  virtual ~GuestAhead() = default;
};

/// The guests of one kernel. Safe from several threads, but for what is said otherwise.
class Guests {
 public:
  /// What the kernel is known to be, measured in a guest if it was not measured before; nothing: it
  /// could not be learnt. A clone must be the same.
  using Learn = std::function<std::optional<KernelFacts>(Guests&)>;

  virtual ~Guests() = default;

  /// What machine its cells get: a hash of it. To be called before prepare(), if at all. Error:
  /// there is none.
  virtual Result<std::string> machine() = 0;
  /// To be called once, by one thread, and before the rest. May block for some boots. Nothing:
  /// there are guests. Else why not.
  virtual std::optional<VmExit> prepare(const Learn& learn) = 0;

  /// Starts the next guest and does not wait for it, so that it answers when it is needed. nullptr:
  /// guests are booted, or it cannot be started now, which next() will say.
  virtual std::unique_ptr<GuestAhead> start_ahead(Ahead how) = 0;
  /// A guest for one cell: of `ahead` if there is one of this source.
  virtual GuestOrExit next(std::unique_ptr<GuestAhead> ahead,
                           const std::filesystem::path& console_log) = 0;
  /// Boots in any case.
  virtual GuestOrExit boot(const std::filesystem::path& console_log) = 0;
};

}  // namespace bpfmatrix
