// KVM or emulation. /dev/kvm alone says nothing: it can exist, and even create machines, while an
// ordinary kernel hangs at its first instructions. So KVM is believed once a kernel has booted with
// it to the agent's first bytes, and the answer is remembered for this host.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/words.h"
#include "vm/qemu_args.h"

namespace bpfmatrix {

/// What --accel takes.
enum class AccelChoice { automatic, kvm, tcg };
inline constexpr Word<AccelChoice> kAccelChoiceWords[] = {
    {AccelChoice::automatic, "auto", "KVM where it works, else emulation"},
    {AccelChoice::kvm, "kvm"},
    {AccelChoice::tcg, "tcg"},
};
constexpr const auto& words_of(AccelChoice) { return kAccelChoiceWords; }

/// What the answer depends on.
struct AccelHost {
  /// Nothing on an architecture that is none of ours.
  std::optional<Arch> arch{};
  bool kvm_opens = false;
  /// Boot id, kernel release and QEMU's version: the answer is remembered as long as this stays.
  std::string identity{};
};
/// Asks this host, and QEMU for its version; blocks for at most 10 s.
AccelHost this_host(Arch guest);

struct KvmProof {
  bool serves = false;
  /// Why not: "a kernel booted with it hangs: ...".
  std::string reason{};
};

/// Boots `spec` with KVM, at most `timeout`, to the agent's first bytes. Error: it could not be
/// tried (QEMU is missing), which says nothing about KVM.
Result<KvmProof> prove_kvm(VmSpec spec,
                           std::chrono::milliseconds timeout = std::chrono::seconds(10));

struct AccelQuestion {
  AccelChoice choice = AccelChoice::automatic;
  Arch guest = Arch::x86_64;
  AccelHost host{};
  /// Answers are kept in its folder accel/.
  std::filesystem::path cache_dir{};
  /// Usually `prove_kvm` of the kernel that is about to be run.
  std::function<Result<KvmProof>()> prove{};
  /// Gets one line when `automatic` had to use emulation although KVM was expected
  /// for.
  std::function<void(const std::string&)> say{};
};

/// Blocks as long as `prove`, if that is needed at all. Error: KVM was demanded and is unavailable.
/// What could not be found out, and what cannot be remembered (a cache that is full or read-only),
/// is found out again next time.
Result<Accel> choose_accel(const AccelQuestion& question);

}  // namespace bpfmatrix
