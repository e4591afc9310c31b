// Where the cells of one kernel get their guests from: clones of its template, and booted machines
// where no template is to be had or none is wanted.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "kernels/kernel.h"
#include "run/machines/guest_vm.h"
#include "run/machines/guests.h"
#include "run/machines/template_store.h"
#include "run/settings.h"

namespace bpfmatrix {

class GuestSource : public Guests {
 public:
  /// All that it needs to know of the run; outlives it.
  struct Context {
    const RunSettings* settings = nullptr;
    std::function<Result<Accel>(const Kernel&)> choose_accel{};
    std::function<void(const std::string&)> notice{};
  };

  GuestSource(const Kernel& kernel, const Context& context)
      : kernel_(kernel), context_(context), templates_(context.settings->fetch.store) {}

  Result<std::string> machine() override;
  /// Makes the template if it is not there.
  std::optional<VmExit> prepare(const Learn& learn) override;
  std::unique_ptr<GuestAhead> start_ahead(Ahead how) override;
  /// A clone; booted where there is no template.
  GuestOrExit next(std::unique_ptr<GuestAhead> ahead,
                   const std::filesystem::path& console_log) override;
  GuestOrExit boot(const std::filesystem::path& console_log) override;

 private:
  Result<> set_up();
  Result<TemplateKey> key() const;
  Result<TemplateRequest> template_request() const;
  std::optional<VmExit> try_to_boot();
  std::optional<GuestOrExit> clone(std::unique_ptr<GuestAhead> ahead);
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
