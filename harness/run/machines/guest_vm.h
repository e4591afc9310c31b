// A guest in a virtual machine of our own.
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
#include "run/machines/guests.h"
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
/// Or why there is none.
using GuestVmOrExit = std::variant<std::unique_ptr<GuestVm>, VmExit>;

class GuestVm : public Guest {
 public:
  /// Blocks until the agent answers, at most settings.boot_timeout. The other alternative says why
  /// there is no guest.
  static GuestVmOrExit boot(const Kernel& kernel, Accel accel,
                            const std::filesystem::path& console_log, const RunSettings& settings);
  static GuestVmOrExit boot(const VmSpec& spec, std::chrono::milliseconds timeout);
  /// `waited`: for how long, from when it was needed.
  GuestVm(GuestClone clone, Accel accel, std::chrono::milliseconds waited);

  Session& session() override { return *session_; }
  Vm& machine() { return vm_; }
  std::chrono::milliseconds ready_after() const override { return ready_after_; }
  Accel accel() const override { return accel_; }
  bool cloned() const override { return cloned_; }
  /// Also after give_up().
  std::string console() const override { return vm_.console(); }
  std::uint64_t console_bytes() const override { return vm_.console_bytes(); }
  std::string console_since(std::uint64_t bytes) const override { return vm_.console_since(bytes); }
  ExitFacts give_up(const std::string& seen) override;
  void kill() override { vm_.kill(); }

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
