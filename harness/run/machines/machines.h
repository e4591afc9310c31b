// The machines of this host: where the guests of a run's kernels come from outside of tests.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "kernels/kernel.h"
#include "run/machines/guest_source.h"
#include "run/machines/guests.h"
#include "run/settings.h"

namespace bpfmatrix {

class Machines {
 public:
  using Notice = std::function<void(const std::string&)>;

  /// `settings` outlives it.
  explicit Machines(const RunSettings& settings) : settings_(settings) {}

  /// Clones and booted machines of `kernel`, which outlives them. All of them share what was found
  /// out about KVM.
  std::unique_ptr<Guests> guests_of(const Kernel& kernel, const Notice& notice);

 private:
  Result<Accel> choose_accel_for(const Kernel& kernel);
  void say_once(const std::string& text);

  const RunSettings& settings_;
  Notice notice_{};
  GuestSource::Context context_{};
  std::mutex mutex_{};
  std::set<std::string> said_{};
};

}  // namespace bpfmatrix
