// Which kernel, of several in order, is the first on which a recorded cell behaves differently.
// Pure: how a kernel is tried is the caller's business.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/kernel_version.h"
#include "repro/behaviour.h"

namespace bpfmatrix {

/// Kernels from old to new, and where the recorded one stands among them. It is not tried: the
/// record says how it behaves.
struct BisectPlan {
  std::vector<std::string> older{};
  std::string recorded{};
  std::vector<std::string> newer{};
};

struct BisectKernel {
  std::string id{};
  /// Absent: not known.
  std::optional<KernelVersion> version{};
};

/// "debian-6.1-x86_64": 6.1; "debian-7.x-aarch64": 7.0; of "centos-8.1-x86_64" it is not known.
std::optional<KernelVersion> version_in_id(std::string_view id);
/// From old to new; those without a version come first, in their order.
void sort_by_version(std::vector<BisectKernel>& kernels);
/// `kernels` in order, the recorded one among them or not. If it is not, its version is its place;
/// without one, before all others.
BisectPlan plan_bisect(const std::vector<BisectKernel>& kernels, const BisectKernel& recorded);

struct BisectEnd {
  /// Two neighbours that differ, the older first; absent: all that could be tried behave as
  /// recorded, or none could be tried.
  std::optional<std::pair<std::string, std::string>> change{};
  /// Which of the two behaves as recorded.
  bool older_as_recorded = true;
  /// In what the other one is different.
  std::vector<std::string> differences{};
  /// Kernels that could not be tried and lie between the two, or among all.
  std::vector<std::string> skipped{};
  /// Those that gave an answer.
  std::size_t tried = 0;
};

using TryKernel = std::function<Replay(const std::string& kernel)>;

/// Looks among the newer kernels first, and if all of them behave as recorded, among the older. Of
/// n kernels on one side at most log2(n + 1), rounded up, are run, and those that are unavailable
/// are passed over. It is taken for granted that the behaviour changes once; whether it changes at
/// all comes out of the search.
BisectEnd bisect(const BisectPlan& plan, const TryKernel& try_kernel);

}  // namespace bpfmatrix
