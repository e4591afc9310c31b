#include "run/machines/guest_vm.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/memory_file.h"
#include "base/sha256.h"
#include "images/initramfs.h"
#include "run/machines/installed_config.h"

namespace bpfmatrix {

namespace {

VmExit no_guest(const Error& error) { return VmExit{End::lost, error.message, ""}; }

}  // namespace

std::filesystem::path Initramfs::path() const {
  return fmt::format("/proc/{}/fd/{}", ::getpid(), file.get());
}

Result<Initramfs> make_initramfs(const Kernel& kernel) {
  const Result<GuestTools> tools = find_guest_tools(kernel.arch);
  if (!tools) return tools.error();
  ModuleSet modules;
  if (kernel.modules) {
    Result<ModuleSet> found = collect_modules(*kernel.modules, wanted_modules());
    if (!found) return std::move(found).error();
    modules = *std::move(found);
  }
  const Result<std::optional<InstalledConfig>> config = installed_config(kernel);
  if (!config) return config.error();
  const Result<std::string> archive = build_initramfs(*tools, modules, *config);
  if (!archive) return archive.error();
  Result<Fd> file = make_memory_file("bpfmatrix-initramfs", *archive);
  if (!file) return std::move(file).error();
  return Initramfs{*std::move(file), sha256_hex(*archive)};
}

VmSpec vm_spec(const Kernel& kernel, Accel accel) {
  VmSpec spec;
  spec.arch = kernel.arch;
  spec.accel = accel;
  spec.kernel = kernel.image;
  return spec;
}

Result<KvmProof> prove_kvm_with(const Kernel& kernel) {
  const Result<Initramfs> initramfs = make_initramfs(kernel);
  if (!initramfs) return initramfs.error();
  VmSpec spec = vm_spec(kernel, Accel::kvm);
  spec.initramfs = initramfs->path();
  return prove_kvm(spec);
}

GuestVm::GuestVm(Vm vm, Accel accel, Channel& channel)
    : vm_(std::move(vm)),
      accel_(accel),
      cloned_(false),
      ready_after_(vm_.ready_after()),
      session_(std::make_unique<Session>(channel)) {}

GuestVm::GuestVm(GuestClone clone, Accel accel, std::chrono::milliseconds waited)
    : vm_(std::move(clone.vm)),
      accel_(accel),
      cloned_(true),
      ready_after_(waited),
      session_(std::move(clone.session)) {}

GuestVmOrExit GuestVm::boot(const Kernel& kernel, Accel accel,
                            const std::filesystem::path& console_log, const RunSettings& settings) {
  const Result<Initramfs> initramfs = make_initramfs(kernel);
  if (!initramfs) return no_guest(initramfs.error());
  VmSpec spec = vm_spec(kernel, accel);
  spec.initramfs = initramfs->path();
  spec.console_log = console_log;
  return boot(spec, settings.boot_timeout);
}

GuestVmOrExit GuestVm::boot(const VmSpec& spec, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  Result<Vm> vm = Vm::start(spec);
  if (!vm) return no_guest(vm.error());
  const Result<Channel*> channel = vm->connect(deadline);
  if (!channel)
    return vm->stop(Clock::now() < deadline ? Stop::channel_lost : Stop::deadline,
                    channel.error().message);
  std::unique_ptr<GuestVm> guest(new GuestVm(*std::move(vm), spec.accel, **channel));
  if (const Result<> opened = guest->session().open(deadline); !opened)
    return classify_exit(guest->give_up(opened.error().message));
  return guest;
}

ExitFacts GuestVm::give_up(const std::string& seen) {
  return vm_.end(session_->state() == SessionState::hung ? Stop::deadline : Stop::channel_lost,
                 seen);
}

}  // namespace bpfmatrix
