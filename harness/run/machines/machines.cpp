#include "run/machines/machines.h"

#include "run/machines/guest_vm.h"

namespace bpfmatrix {

std::unique_ptr<Guests> Machines::guests_of(const Kernel& kernel, const Notice& notice) {
  if (context_.settings == nullptr) {
    notice_ = notice;
    context_ = {&settings_, [this](const Kernel& asked) { return choose_accel_for(asked); },
                notice};
  }
  return std::make_unique<GuestSource>(kernel, context_);
}

/// One at a time: the first answer about KVM is remembered for all the others.
Result<Accel> Machines::choose_accel_for(const Kernel& kernel) {
  const std::lock_guard lock(mutex_);
  return choose_accel({.choice = settings_.accel,
                       .guest = kernel.arch,
                       .host = this_host(kernel.arch),
                       .cache_dir = settings_.fetch.store.root(),
                       .prove = [&] { return prove_kvm_with(kernel); },
                       .say = [&](const std::string& text) { say_once(text); }});
}

void Machines::say_once(const std::string& text) {
  if (said_.insert(text).second) notice_(text);
}

}  // namespace bpfmatrix
