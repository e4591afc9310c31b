// Which of the kernels that can be had is most like one that only its machine has: by what a person
// can send of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/kernel_version.h"
#include "base/result.h"

namespace bpfmatrix {

/// The options that are set, without CONFIG_ (parse_kernel_config).
using KernelConfig = std::map<std::string, std::string>;

/// The machine where it failed.
struct Box {
  /// "5.4.0-150-generic"
  std::string release{};
  KernelVersion version{};
  /// Absent: what was sent does not say.
  std::optional<Arch> arch{};
  /// A word of distribution_of(); empty: not known.
  std::string distribution{};
  std::optional<KernelConfig> config{};
  /// Whether the kernel has BTF of its own; absent: not known.
  std::optional<bool> btf{};
};

/// What `uname -a`, or a part of it, printed there. Error: no release of a kernel in it.
Result<Box> read_uname(std::string_view text);

/// "debian", "ubuntu", "el" (RHEL and its kin), "fedora", "amazon", "suse", "openwrt", "arch",
/// "vanilla"; by what release names and ids of kernels have in them. Empty: not known.
std::string distribution_of(std::string_view text);

/// A kernel that can be had.
struct KernelCandidate {
  std::string id{};
  /// Empty: it is not in the store, so nothing else is known of it.
  std::string release{};
  std::optional<KernelVersion> version{};
  std::string distribution{};
  std::optional<KernelConfig> config{};
  std::optional<bool> btf{};
};

struct NearKernel {
  std::string id{};
  /// What of it is how near: "release", "distribution", "BTF", "config"; and why, in a sentence.
  std::vector<std::pair<std::string, std::string>> reasons{};
};

/// The nearest: by version, where a kernel without BTF counts as ten releases farther for a machine
/// that has it; then by whether it has BTF, by distribution, by whether it is here, and by the
/// options that matter to BPF. Error: there is none.
Result<NearKernel> nearest_kernel(const Box& box, const std::vector<KernelCandidate>& candidates);

/// The options that matter to BPF and are not the same, sorted: "DEBUG_INFO_BTF: n, here y".
std::vector<std::string> config_differences(const KernelConfig& there, const KernelConfig& here);

}  // namespace bpfmatrix
