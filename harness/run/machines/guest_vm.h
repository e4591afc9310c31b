// A kernel with its agent up, ready to be given cells: booted, or cloned from a template.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "base/fd.h"
#include "guest/session.h"
#include "kernels/kernel.h"
#include "run/machines/clone.h"
#include "run/settings.h"
#include "vm/accel.h"
#include "vm/vm.h"

namespace bpfmatrix {

/// The machine a kernel is booted in, but for its initramfs.
VmSpec vm_spec(const Kernel& kernel, Accel accel);

/// What a kernel is booted with, in memory: nothing to clean up after a kill -9.
struct Initramfs {
  Fd file{};
  std::string sha256{};

  /// The path by which QEMU, our child, reaches it while it starts.
  std::filesystem::path path() const;
};
/// Error: the guest tools are not installed, or the kernel's modules cannot be read.
Result<Initramfs> make_initramfs(const Kernel& kernel);

/// Whether KVM serves for this kernel on this host. Blocks at most ten seconds. Error: it could not
/// be tried.
Result<KvmProof> prove_kvm_with(const Kernel& kernel);

class GuestVm;
/// Or why there is no guest.
using GuestOrExit = std::variant<std::unique_ptr<GuestVm>, VmExit>;

class GuestVm {
 public:
  /// Blocks until the agent answers, at most settings.boot_timeout. The other alternative says why
  /// there is no guest.
  static GuestOrExit boot(const Kernel& kernel, Accel accel,
                          const std::filesystem::path& console_log, const RunSettings& settings);
  static GuestOrExit boot(const VmSpec& spec, std::chrono::milliseconds timeout);
  /// `waited`: for how long, from when it was needed.
  GuestVm(GuestClone clone, Accel accel, std::chrono::milliseconds waited);

  Session& session() { return *session_; }
  Vm& machine() { return vm_; }
  /// How long whoever needed it had to wait.
  std::chrono::milliseconds ready_after() const { return ready_after_; }
  Accel accel() const { return accel_; }
  bool cloned() const { return cloned_; }
  /// What the console has said, as it came; also after give_up().
  std::string console() const { return vm_.console(); }
  /// The session is over, because of what was `seen`: kills the VM and says what became of it.
  /// Blocks a few seconds at most.
  VmExit give_up(const std::string& seen);

 private:
  GuestVm(Vm vm, Accel accel, Channel& channel);

  Vm vm_;
  Accel accel_;
  bool cloned_;
  std::chrono::milliseconds ready_after_;
  /// Destroyed before the machine it talks to.
  std::unique_ptr<Session> session_;
};

}  // namespace bpfmatrix
