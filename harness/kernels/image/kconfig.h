// Kconfig fragments: what a kernel is to be built with and why, compared with what Kconfig made of
// it. Kconfig silently drops what a version does not know or whose dependencies are not met.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

struct ConfigOption {
  /// "CONFIG_BPF_JIT".
  std::string name{};
  /// "y", "4", "\"bpf\""; "n" for "is not set".
  std::string value{};
  /// Where it stands: "bpf.config:7".
  std::string where{};
  /// The comment above its block, as one line.
  std::string reason{};
};

/// Lines of comment, then the options that have this reason. Error: a line that is neither, an
/// option without a reason. `source` names the text in errors.
Result<std::vector<ConfigOption>> parse_fragment(std::string_view text, std::string_view source);

/// The fragments one after the other. Error: an option occurs twice.
Result<std::vector<ConfigOption>> join_fragments(
    const std::vector<std::vector<ConfigOption>>& fragments);

/// Every option wanted is in `config`, a whole .config. Error: names each that is not, what it is
/// instead, which fragment wanted it, and why.
Result<> check_config(const std::vector<ConfigOption>& wanted, std::string_view config);

}  // namespace bpfmatrix
