// The newc cpio format, as the kernel unpacks it (Documentation/driver-api/early-userspace/
// buffer-format.rst). Written here rather than by libarchive because an initramfs must hold device
// nodes, have no owner's name in it, and be the same bytes for the same entries.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace bpfmatrix {

struct CpioDirectory {};
struct CpioFile {
  std::string bytes{};
};
struct CpioSymlink {
  std::string target{};
};
struct CpioCharDevice {
  unsigned major = 0;
  unsigned minor = 0;
};

struct CpioEntry {
  /// Relative, without "." or "..": "dev/console". Directories above it need not be listed.
  std::string path{};
  std::variant<CpioDirectory, CpioFile, CpioSymlink, CpioCharDevice> what{};
  /// The permission bits; a symlink has none.
  unsigned permissions = 0755;
};

/// An archive of `entries`, in that order. Parents that are not listed before are put in with 0755,
/// everything belongs to root, every time is 0: equal entries give equal bytes.
/// A file of 4 GiB or more is beyond the format and our own mistake (asserted).
std::string cpio_newc(const std::vector<CpioEntry>& entries);

}  // namespace bpfmatrix
