// A kernel booted to its agent, ready to be given cells.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <variant>

#include "guest/session.h"
#include "kernels/kernel.h"
#include "run/settings.h"
#include "vm/vm.h"

namespace bpfmatrix {

class GuestVm {
 public:
  /// Blocks until the agent answers, at most settings.boot_timeout. The other alternative says why
  /// there is no guest.
  static std::variant<std::unique_ptr<GuestVm>, VmExit> boot(
      const Kernel& kernel, Accel accel, const std::filesystem::path& console_log,
      const RunSettings& settings);

  Session& session() { return *session_; }
  std::chrono::milliseconds ready_after() const { return ready_after_; }
  Accel accel() const { return accel_; }
  /// The session is over: kills the VM and says what became of it. Blocks a few seconds at most.
  VmExit give_up();

 private:
  GuestVm(Vm vm, Accel accel) : vm_(std::move(vm)), accel_(accel) {}

  Vm vm_;
  Accel accel_;
  std::unique_ptr<Session> session_{};
  std::chrono::milliseconds ready_after_{0};
};

}  // namespace bpfmatrix
