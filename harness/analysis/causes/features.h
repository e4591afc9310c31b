// What came with which version of the kernel, and what to do without it. Read from
// kernels/features.json; the format is kernels/features.schema.json. Facts to explain with, never
// to judge by: enterprise kernels have more than their version says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/causes/cause.h"
#include "base/kernel_version.h"
#include "base/result.h"

namespace bpfmatrix {

enum class FeatureKind {
  helper,        ///< bpf_loop
  map_type,      ///< BPF_MAP_TYPE_RINGBUF
  program_type,  ///< BPF_PROG_TYPE_NETFILTER
  attach_type,   ///< BPF_TRACE_KPROBE_MULTI
  kfunc,         ///< bpf_task_acquire
  behaviour,     ///< bounded_loops: what the kernel's headers have no name for
};

struct Feature {
  FeatureKind kind = FeatureKind::behaviour;
  std::string name{};
  /// What goes before "came in 5.3": the name, or a few words for a behaviour.
  std::string text{};
  /// The number of a helper.
  std::optional<std::uint32_t> id{};
  KernelVersion since{};
  /// Twelve digits.
  std::string commit{};
  /// What serves on kernels without it; may be empty.
  std::string instead{};
};

struct CauseAdvice {
  /// The behaviour that is missing; may be empty.
  std::string feature{};
  /// What to do; may be empty.
  std::string action{};
};

class Features {
 public:
  Features() = default;
  Features(std::vector<Feature> features, std::map<Cause, CauseAdvice> causes);

  /// nullptr: not known to the file.
  const Feature* find(FeatureKind kind, std::string_view name) const;
  const Feature* helper(std::uint32_t id) const;
  const CauseAdvice* advice(Cause cause) const;
  const std::vector<Feature>& all() const { return features_; }

 private:
  std::vector<Feature> features_{};
  std::map<Cause, CauseAdvice> causes_{};
};

/// Error: file, key and problem; a name twice, advice on a feature or cause that does not exist.
Result<Features> load_features(const std::filesystem::path& path);
/// kernels/features.json of this installation. Error: it is not there, or as above.
Result<Features> installed_features();

/// By which name the file knows a type of map or program: "hash" is BPF_MAP_TYPE_HASH.
std::string map_type_name(std::string_view type);
std::string program_type_name(std::string_view type);

}  // namespace bpfmatrix
