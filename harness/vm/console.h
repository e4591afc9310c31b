// What the guest's console says about its end. Pure functions over text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/child_process.h"
#include "base/words.h"
#include "vm/vm_exit.h"

namespace bpfmatrix {

/// Plain lines: no escape sequences, no carriage returns, '?' for what is not printable ASCII.
std::string clean_console(std::string_view raw);

/// At most the last `count` lines of a clean text.
std::string last_lines(std::string_view text, int count);

struct Trouble {
  /// panicked or hung.
  End end = End::panicked;
  /// The line that says so, without its time stamp: the first, which names the cause.
  std::string line{};
};

/// What the kernel says on this line: without its time stamp, and what a program's unfinished line
/// left before that.
std::string_view without_stamp(std::string_view line);

/// What the kernel's own words (panic, oops, BUG, lockup, stall) at the start of such a line mean.
std::optional<End> trouble_on(std::string_view line);

/// Looks for the kernel's own words (panic, oops, BUG, lockup, stall) at the start of a line of a
/// clean text, after the time stamp if there is one. A panic counts more than a stall before it,
/// unless it is only the consequence of a lockup. A program that writes such a line to /dev/kmsg
/// cannot be distinguished from the kernel.
std::optional<Trouble> find_trouble(std::string_view console);

/// Why a VM is not used any longer.
enum class Stop { finished, deadline, channel_lost };
inline constexpr Word<Stop> kStopWords[] = {
    {Stop::finished, "finished", "all that was wanted from it has arrived"},
    {Stop::deadline, "deadline", "no answer in time"},
    {Stop::channel_lost, "channel_lost", "the channel closed, or carried garbage"},
};
constexpr const auto& words_of(Stop) { return kStopWords; }

struct ExitFacts {
  Stop stop = Stop::channel_lost;
  /// What the caller saw, one line: "no answer for 60000 ms".
  std::string detail{};
  /// How QEMU ended, if it did so on its own; nothing when it had to be stopped.
  std::optional<ExitStatus> qemu{};
  /// What QEMU said on standard error.
  std::string qemu_stderr{};
  /// As it came from the guest.
  std::string console{};
  /// A clone: its kernel had booted when the machine began, so an empty console says nothing.
  bool booted_before = false;
};

/// First of: finished is completed; a machine that had to boot and printed nothing is lost; trouble
/// on the console is panicked or hung; QEMU gone is lost; else the deadline is hung and a lost
/// channel lost.
VmExit classify_exit(const ExitFacts& facts);

}  // namespace bpfmatrix
