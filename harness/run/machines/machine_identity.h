// What makes one machine another: everything that a template's memory depends on.
#pragma once

#include <string>

#include "base/result.h"
#include "vm/vm.h"

namespace bpfmatrix {

/// A QEMU that may read what another has frozen.
struct QemuBuild {
  std::string version{};
  /// Of the program itself: two builds of one version need not agree.
  std::string sha256{};
};
/// Error: it is not installed, or does not say its version. Blocks at most ten seconds. Each
/// program is asked once: it does not change while this process lives. Safe from several threads.
Result<QemuBuild> qemu_build(Arch arch);

/// What makes one template another.
struct TemplateKey {
  /// As it will be booted; with KVM the processor of this host counts as well.
  VmSpec spec{};
  std::string image_sha256{};
  std::string initramfs_sha256{};
  QemuBuild qemu{};
  /// Of TemplateRequest::files and ::standby, any text that names them.
  std::string files{};
};
/// 64 characters of [0-9a-f].
std::string to_string(const TemplateKey& key);

}  // namespace bpfmatrix
