// The facts about the kernels of a run: from the store, else measured in the first guest that is
// up, once each. Safe from several threads.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "guest/session.h"
#include "kernels/kernel.h"
#include "kernels/store.h"
#include "outcome/kernel_facts_file.h"

namespace bpfmatrix {

/// From the store, else by the probe, and then kept there. Blocks a few seconds. Error: why
/// nothing is known; the session may be over (see its state).
Result<KernelFacts> learn_kernel(const Store& store, const Kernel& kernel, Session& session);

/// Nothing: no probe of this version has asked this kernel.
std::optional<KernelFacts> kept_facts(const Store& store, const Kernel& kernel);

class KernelFactsKeeper {
 public:
  struct Known {
    KernelFacts facts{};
    /// By which outcomes name them.
    std::string sha256{};
  };
  /// Puts facts where a run keeps them; gives their hash.
  using Keep = std::function<Result<std::string>(const PackedFacts&)>;

  KernelFactsKeeper(const Store& store, Keep keep) : store_(store), keep_(std::move(keep)) {}

  /// Asks the kernel in a guest.
  using Ask = std::function<Result<KernelFacts>()>;

  /// Learns what is not known yet: from the store, else by `ask`. Others who ask for the same
  /// kernel wait. Error: the first attempt, which stays the only one, came to nothing.
  Result<> learn(const Kernel& kernel, const Ask& ask);
  /// From the store alone, as learn() would; nullptr: it has to be asked.
  const Known* recall(const Kernel& kernel);
  /// nullptr: nothing is known of this kernel. Valid as long as this.
  const Known* find(const std::string& kernel_id);

 private:
  struct Entry {
    std::mutex mutex{};
    bool asked = false;
    std::optional<Known> known{};
  };
  Entry& entry(const std::string& kernel_id);
  Result<Known> keep(const Kernel& kernel, const Ask& ask) const;
  Result<Known> hand_over(KeptFacts facts) const;

  const Store& store_;
  Keep keep_;
  std::mutex mutex_{};
  std::map<std::string, std::unique_ptr<Entry>> entries_{};
};

}  // namespace bpfmatrix
