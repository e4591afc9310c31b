// The mirror packages come from: configuration, never part of the program.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace bpfmatrix {

struct MirrorConfig {
  /// --mirror; empty if not given.
  std::string option{};
  /// $BPFMATRIX_MIRROR; empty if not set.
  std::string environment{};
  /// {"mirror": "URL"}; need not be there.
  std::filesystem::path config_file{};
  std::filesystem::path etc_apt = "/etc/apt";
};

/// What this process was started with: the environment and $XDG_CONFIG_HOME/bpfmatrix/config.json.
MirrorConfig mirror_config(std::string option);

/// The URL of a Debian mirror ("http://host/debian"), without a trailing '/': the option, the
/// environment, the config file, apt's own, whichever comes first. Error: a malformed config file,
/// a scheme other than http, https and file, or none found.
Result<std::string> choose_mirror(const MirrorConfig& config);

}  // namespace bpfmatrix
