// A kernel booted to its agent, ready to be given cells.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "guest/session.h"
#include "kernels/kernel.h"
#include "run/settings.h"
#include "vm/accel.h"
#include "vm/vm.h"

namespace bpfmatrix {

/// The machine a kernel is booted in, but for its initramfs.
VmSpec vm_spec(const Kernel& kernel, Accel accel);

/// Whether KVM serves for this kernel on this host. Blocks at most ten seconds. Error: it could not
/// be tried.
Result<KvmProof> prove_kvm_with(const Kernel& kernel);

class GuestVm {
 public:
  /// Blocks until the agent answers, at most settings.boot_timeout. The other alternative says why
  /// there is no guest.
  static std::variant<std::unique_ptr<GuestVm>, VmExit> boot(
      const Kernel& kernel, Accel accel, const std::filesystem::path& console_log,
      const RunSettings& settings);

  Session& session() { return session_; }
  Vm& machine() { return vm_; }
  std::chrono::milliseconds ready_after() const { return vm_.ready_after(); }
  Accel accel() const { return accel_; }
  /// The session is over, because of what was `seen`: kills the VM and says what became of it.
  /// Blocks a few seconds at most.
  VmExit give_up(const std::string& seen);

 private:
  GuestVm(Vm vm, Accel accel, Channel& channel)
      : vm_(std::move(vm)), accel_(accel), session_(channel) {}

  Vm vm_;
  Accel accel_;
  Session session_;
};

}  // namespace bpfmatrix
