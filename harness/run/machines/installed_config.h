// The configuration of a kernel as its users' machines have it at /boot/config-RELEASE, where
// libbpf looks first for what a program asks of .kconfig; /proc/config.gz is the kernel's own.
#pragma once

#include <optional>

#include "base/result.h"
#include "images/initramfs.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// A package installs it, and one that was given as a file counts as installed. Nothing: there is
/// none, or it was found in the image, which does not say what lies in /boot. Error: it cannot be
/// read, or is over 4 MiB.
Result<std::optional<InstalledConfig>> installed_config(const Kernel& kernel);

}  // namespace bpfmatrix
