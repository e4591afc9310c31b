#include "run/machines/guest_source.h"

#include <fmt/format.h>

#include <future>

#include "cell/run_cell.h"
#include "run/machines/kernel_probe.h"

namespace bpfmatrix {

namespace {

constexpr int kCloneAttempts = 2;
constexpr std::chrono::seconds kCloneTimeout{60};

/// But for how long it took to ask.
bool same_kernel(const KernelFacts& a, KernelFacts b) {
  b.probe_ms = a.probe_ms;
  return to_json(a) == to_json(b);
}

/// A clone that wakes on a thread of its own.
class CloneAhead : public GuestAhead {
 public:
  explicit CloneAhead(std::future<Result<GuestClone>> clone) : clone_(std::move(clone)) {}
  /// Blocks until the clone answers, or has failed to.
  Result<GuestClone> take() { return clone_.get(); }

 private:
  std::future<Result<GuestClone>> clone_;
};

Result<GuestClone> rehearse(GuestClone guest, Clock::time_point deadline) {
  const Result<Triggered> triggered = guest.session->trigger({}, deadline);
  return triggered ? Result<GuestClone>(std::move(guest)) : Result<GuestClone>(triggered.error());
}

/// Error: the clone's kernel is not what the booted one was.
Result<> compare(const Kernel& kernel, Session& session, const KernelFacts& booted) {
  const Result<KernelFacts> cloned = probe_kernel(kernel, session);
  if (!cloned) return cloned.error();
  if (same_kernel(booted, *cloned)) return {};
  return Error{"the probe found another result in a clone than in the booted machine"};
}

}  // namespace

Result<> GuestSource::set_up() {
  if (initramfs_) return {};
  const Result<Accel> accel = context_.choose_accel(kernel_);
  if (!accel) return accel.error();
  accel_ = *accel;
  Result<Initramfs> initramfs = make_initramfs(kernel_);
  if (!initramfs) return std::move(initramfs).error();
  initramfs_ = *std::move(initramfs);
  return {};
}

Result<TemplateKey> GuestSource::key() const {
  Result<QemuBuild> qemu = qemu_build(kernel_.arch);
  if (!qemu) return std::move(qemu).error();
  return TemplateKey{vm_spec(kernel_, accel_), kernel_.image_sha256, initramfs_->sha256,
                     *std::move(qemu)};
}

Result<std::string> GuestSource::machine() {
  if (Result<> ready = set_up(); !ready) return std::move(ready).error();
  const Result<TemplateKey> of = key();
  return of ? Result<std::string>(to_string(*of)) : Result<std::string>(of.error());
}

std::optional<VmExit> GuestSource::prepare(const Learn& learn) {
  if (const Result<> ready = set_up(); !ready) {
    return VmExit{End::unavailable, ready.error().message, ""};
  }
  const std::optional<KernelFacts> facts = learn(*this);
  Result<TemplateRequest> request = template_request();
  if (request && facts) {
    request->approve = [&](Session& session) { return compare(kernel_, session, *facts); };
  }
  Result<Template> made = request ? templates_.get(*request) : Result<Template>(request.error());
  if (made) {
    template_ = *std::move(made);
    key_ = request->key;
    clones_ = true;
  } else {
    context_.notice(fmt::format("{}: no template, so its guests are booted: {}", kernel_.id,
                                made.error().message));
    return try_to_boot();
  }
  return std::nullopt;
}

/// A kernel that does not come up is tried once for all of its cells.
std::optional<VmExit> GuestSource::try_to_boot() {
  GuestOrExit booted = boot("");
  auto* exit = std::get_if<VmExit>(&booted);
  return exit != nullptr ? std::optional(std::move(*exit)) : std::nullopt;
}

Result<TemplateRequest> GuestSource::template_request() const {
  Result<TemplateKey> of = key();
  if (!of) return std::move(of).error();
  TemplateRequest request;
  request.key = *std::move(of);
  request.key.spec.initramfs = initramfs_->path();
  request.boot_timeout = context_.settings->boot_timeout;
  if (const KernelBtf* btf = btf_of(kernel_)) {
    request.files.push_back({std::string(kBtfInGuest), btf->file});
    request.key.files = btf->sha256;
  }
  request.standby = {loader_in_guest(kUsualLoader)};
  request.key.files += " " + request.standby.front();
  request.on_wait = [this] {
    context_.notice(fmt::format("{}: another process is making its template", kernel_.id));
  };
  return request;
}

std::unique_ptr<GuestAhead> GuestSource::start_ahead(Ahead how) {
  if (!clones_) return nullptr;
  Result<Vm> started = template_->start("");
  if (!started) return nullptr;
  // Started here: QEMU ends with the thread that started it.
  return std::make_unique<CloneAhead>(
      std::async(std::launch::async, [this, how, vm = *std::move(started)]() mutable {
        const Clock::time_point deadline = Clock::now() + kCloneTimeout;
        Result<GuestClone> guest = clone_guest(*template_, std::move(vm), deadline);
        if (!guest || how == Ahead::awake) return guest;
        return rehearse(*std::move(guest), deadline);
      }));
}

std::optional<GuestOrExit> GuestSource::clone(std::unique_ptr<GuestAhead> ahead) {
  Error error;
  for (int attempt = 0; attempt < kCloneAttempts; ++attempt, ahead.reset()) {
    const Clock::time_point needed = Clock::now();
    // All that start_ahead() gives is a CloneAhead.
    Result<GuestClone> guest = ahead != nullptr
                                   ? static_cast<CloneAhead&>(*ahead).take()
                                   : clone_guest(*template_, "", needed + kCloneTimeout);
    if (guest) {
      const auto waited =
          std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - needed);
      return std::make_unique<GuestVm>(*std::move(guest), accel_, waited);
    }
    error = std::move(guest).error();
  }
  give_up_cloning(error);
  return std::nullopt;
}

/// For this run; the next one makes the template anew.
void GuestSource::give_up_cloning(const Error& error) {
  if (!clones_.exchange(false)) return;
  context_.notice(
      fmt::format("{}: {}; its guests are booted from now on", kernel_.id, error.message));
  if (const Result<> gone = templates_.discard(key_); !gone) context_.notice(gone.error().message);
}

GuestOrExit GuestSource::next(std::unique_ptr<GuestAhead> ahead,
                              const std::filesystem::path& console_log) {
  if (clones_) {
    if (auto guest = clone(std::move(ahead))) return *std::move(guest);
  }
  return boot(console_log);
}

GuestOrExit GuestSource::boot(const std::filesystem::path& console_log) {
  VmSpec spec = vm_spec(kernel_, accel_);
  spec.initramfs = initramfs_->path();
  spec.console_log = console_log;
  GuestVmOrExit booted = GuestVm::boot(spec, context_.settings->boot_timeout);
  if (auto* exit = std::get_if<VmExit>(&booted)) return std::move(*exit);
  return std::get<std::unique_ptr<GuestVm>>(std::move(booted));
}

}  // namespace bpfmatrix
