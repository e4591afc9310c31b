// The mirrors that packages and kernel tarballs come from: configuration of the machine.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace bpfmatrix {

struct MirrorConfig {
  /// --mirror or --kernel-mirror; empty if not given.
  std::string option{};
  /// $BPFMATRIX_MIRROR or $BPFMATRIX_KERNEL_MIRROR; empty if not set.
  std::string environment{};
  /// {"mirror": "URL", "kernel_mirror": "URL"}; need not be there.
  std::filesystem::path config_file{};
  std::filesystem::path etc_apt = "/etc/apt";
};

/// What this process was started with: the environment and $XDG_CONFIG_HOME/bpfmatrix/config.json.
MirrorConfig mirror_config(std::string option);
/// The same for a mirror of kernel tarballs: BPFMATRIX_KERNEL_MIRROR, {"kernel_mirror": "URL"}.
MirrorConfig kernel_mirror_config(std::string option);

/// The URL of a Debian mirror ("http://host/debian"), without a trailing '/': the option, the
/// environment, the config file, apt's own, whichever comes first. Error: a malformed config file,
/// a scheme other than http, https and file, or none found.
Result<std::string> choose_mirror(const MirrorConfig& config);

/// The folder that holds v4.x/, v5.x/ and so on: the option, the environment, the config file, or
/// else where the kernel's developers publish them. Error: a malformed config file or scheme.
Result<std::string> choose_kernel_mirror(const MirrorConfig& config);

}  // namespace bpfmatrix
