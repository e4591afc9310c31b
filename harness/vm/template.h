// A machine that was booted once and frozen, and the machines cloned from it.
//
// How: the guest's RAM is a file that QEMU maps shared. To freeze, everything but the RAM is
// written to a second file by QEMU's migration (capability x-ignore-shared). A clone maps the same
// file privately and reads only that small state; pages are copied as it writes to them. Why this
// way, as measured on two cores without KVM with Debian's 6.1 and 512 MiB, from the start of QEMU
// until the agent has reacted to its first bytes with a line on the console (medians of 15, x86_64
// and aarch64), and what then is private memory. ci/bench/clone.py measures until it has answered.
//
//     RAM mapped from the file     51 ms, 57 ms      18 MiB,  25 MiB
//     RAM read from the stream     77 ms, 69 ms     136 MiB,  86 MiB
//     cold boot, for comparison  1900 ms, 1200 ms
//
// A snapshot in a qcow2 file reads all of the RAM as well. RAM on tmpfs instead of a disk, or a
// smaller cache for QEMU's translated code (tb-size), changes nothing: the pages are in the page
// cache. Half of what is left is QEMU's own start, 3 ms the state, the rest the guest's code, which
// every clone translates anew. KVM was not there to be measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "vm/vm.h"

namespace bpfmatrix {

/// In a template's folder. The record is written last: without it there is no template.
inline constexpr std::string_view kTemplateRam = "ram";
inline constexpr std::string_view kTemplateState = "state";
inline constexpr std::string_view kTemplateRecord = "template.json";

/// What is known of a machine when it is frozen.
struct Frozen {
  ChannelKind channel = ChannelKind::virtio;
  /// uname -r.
  std::string release{};
};

/// The RAM for a machine with Ram::to_freeze, as an empty file in `folder`.
Result<Fd> make_template_ram(const std::filesystem::path& folder, int memory_mib);

/// Of which kernel the template in `folder` is. Error: there is none, or its record is damaged.
Result<std::string> template_release(const std::filesystem::path& folder);

/// Stops `vm` for good, ends its QEMU, and completes the template in `folder`. The agent must be
/// parked: what is on its way through a channel now is lost. Blocks until all is on the disk.
/// Error: this QEMU cannot do it, the disk is full, or the deadline passed.
Result<> freeze(Vm vm, const Frozen& frozen, const std::filesystem::path& folder,
                Clock::time_point deadline);

class Template {
 public:
  /// `spec` is that of the frozen machine; its kernel and initramfs are not looked at. Reads the
  /// state, but not the RAM, of which size and time of change must be those of the record.
  /// Error: there is none, or it is not what it was when it was made.
  static Result<Template> open(const std::filesystem::path& folder, const VmSpec& spec);

  /// Starts a QEMU that loads the state and waits for wake(): most of what a clone costs the host,
  /// and ready before it is needed. Does not block. Error: as open(), or QEMU cannot be
  /// started.
  Result<Vm> start(const std::filesystem::path& console_log) const;
  /// Blocks until the guest runs in a machine from start(). The agent waits on `channel()` to be
  /// refreshed. Works on when the folder has been removed. Error: as open(), or QEMU reports an
  /// error; the machine is gone.
  Result<> wake(Vm& vm, Clock::time_point deadline) const;
  /// Both.
  Result<Vm> clone(const std::filesystem::path& console_log, Clock::time_point deadline) const;

  ChannelKind channel() const { return frozen_.channel; }
  const std::string& release() const { return frozen_.release; }

 private:
  Template() = default;
  Result<> check_ram() const;

  VmSpec spec_{};
  Frozen frozen_{};
  Fd ram_{};
  std::int64_t ram_bytes_ = 0;
  std::int64_t ram_changed_ns_ = 0;
  /// A copy in memory of what was checked.
  Fd state_{};
};

}  // namespace bpfmatrix
