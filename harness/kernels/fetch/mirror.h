// The mirrors that packages and kernel tarballs come from: configuration of the machine.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

struct MirrorConfig {
  /// --mirror or --kernel-mirror; empty if not given.
  std::string option{};
  /// $BPFMATRIX_MIRROR or $BPFMATRIX_KERNEL_MIRROR; empty if not set.
  std::string environment{};
  /// {"mirror": "URL", "kernel_mirror": "URL"}; need not be there.
  std::filesystem::path config_file{};
  /// The program that is asked when nothing else names a mirror.
  std::filesystem::path apt_get = "apt-get";
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

/// Where what Debian's mirrors no longer have, or never had, comes from.
struct ArchiveMirrors {
  /// The folder that holds 20181120T000000Z/ and so on.
  std::string snapshots{};
  /// By the name of a distribution: the folder that its packages' paths in the catalog start from.
  std::map<std::string, std::string> rpm{};
};

struct ArchiveMirrorConfig {
  /// --snapshot-mirror, and each --rpm-mirror NAME=URL.
  std::string snapshots{};
  std::vector<std::string> rpm{};
  /// $BPFMATRIX_SNAPSHOT_MIRROR and $BPFMATRIX_RPM_MIRROR, which has words like the option.
  std::string snapshots_environment{};
  std::string rpm_environment{};
  /// {"snapshot_mirror": "URL", "rpm_mirrors": {"NAME": "URL"}}; need not be there.
  std::filesystem::path config_file{};
};

/// What this process was started with.
ArchiveMirrorConfig archive_mirror_config(std::string snapshots = "",
                                          std::vector<std::string> rpm = {});

/// For each: the option, the environment, or the config file; nothing where none names one. Error:
/// a malformed config file, option or scheme.
Result<ArchiveMirrors> choose_archive_mirrors(const ArchiveMirrorConfig& config);

}  // namespace bpfmatrix
