// A guest from a template: its machine continues where the template was frozen.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "guest/session.h"
#include "vm/template.h"

namespace bpfmatrix {

/// A guest whose agent has answered, cloned from a template.
struct GuestClone {
  Vm vm;
  /// Destroyed before the machine it talks to.
  std::unique_ptr<Session> session;
};
/// Blocks until the agent of a new clone has answered with its own time and random numbers. Error:
/// it did not; whoever gets this discards the template.
Result<GuestClone> clone_guest(const Template& from, const std::filesystem::path& console_log,
                               Clock::time_point deadline);
/// The same in a machine that Template::start() gave.
Result<GuestClone> clone_guest(const Template& from, Vm started, Clock::time_point deadline);

/// The host's time, and random bytes of its own: what a parked agent needs to continue.
Refresh refresh_now();

}  // namespace bpfmatrix
