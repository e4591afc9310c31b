// A kernel version as far as it can be compared: 6.1.0-50-cloud-amd64 is 6.1.0.
// Only a prior: enterprise kernels backport, so nothing is ever judged by version alone.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix {

struct KernelVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  auto operator<=>(const KernelVersion&) const = default;
};

/// Reads the leading "MAJOR.MINOR[.PATCH]" of a release string; the rest is ignored. Nothing if the
/// text does not start so.
std::optional<KernelVersion> parse_kernel_version(std::string_view release);
std::string to_string(const KernelVersion& version);

}  // namespace bpfmatrix
