// Where the cells of one kernel get their guests from: clones of its template, and booted machines
// where no template is to be had or none is wanted.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "kernels/kernel.h"
#include "outcome/kernel_facts.h"
#include "run/machines/guest_vm.h"
#include "run/machines/template_store.h"
#include "run/settings.h"

namespace bpfmatrix {

class GuestSource {
 public:
  /// All that it needs to know of the run; outlives it.
  struct Context {
    const RunSettings* settings = nullptr;
    std::function<Result<Accel>(const Kernel&)> choose_accel{};
    std::function<void(const std::string&)> notice{};
  };
  /// What the kernel is known to be, learnt from a guest if nobody has asked it before; nothing: it
  /// could not be learnt. A clone must be the same.
  using Learn = std::function<std::optional<KernelFacts>(GuestSource&)>;

  GuestSource(const Kernel& kernel, const Context& context)
      : kernel_(kernel), context_(context), templates_(context.settings->fetch.store) {}

  /// What machine its cells get: a hash of it. To be called before prepare(), if at all. Error:
  /// there is none.
  Result<std::string> machine();
  /// To be called once, and before the rest. Makes the template if it is not there: blocks for some
  /// boots. Nothing: guests can be had. Else why not.
  std::optional<VmExit> prepare(const Learn& learn);

  /// Starts the QEMU of the next clone, so that whoever comes next need not wait for it. Nothing:
  /// guests are booted, or it cannot be started now, which clone() will say.
  std::optional<Vm> start_ahead() const;
  /// A guest for one cell: a clone, of `ahead` if there is one; booted where there is no template.
  /// Safe from several threads.
  GuestOrExit next(std::optional<Vm> ahead, const std::filesystem::path& console_log);
  /// Boots in any case.
  GuestOrExit boot(const std::filesystem::path& console_log);

 private:
  Result<> set_up();
  Result<TemplateKey> key() const;
  Result<TemplateRequest> template_request() const;
  std::optional<VmExit> try_to_boot();
  std::optional<GuestOrExit> clone(std::optional<Vm> ahead);
  void give_up_cloning(const Error& error);

  const Kernel& kernel_;
  const Context& context_;
  TemplateStore templates_;
  Accel accel_ = Accel::tcg;
  std::optional<Initramfs> initramfs_{};
  std::optional<Template> template_{};
  TemplateKey key_{};
  /// There is a template, and its clones come up.
  std::atomic<bool> clones_{false};
};

}  // namespace bpfmatrix
