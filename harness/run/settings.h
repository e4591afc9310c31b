// How to run, as opposed to what: where things are kept, how many at a time, how long to wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/words.h"
#include "kernels/fetch/fetch_options.h"
#include "vm/accel.h"

namespace bpfmatrix {

/// What shares a guest.
enum class Isolation { cell, kernel };
inline constexpr Word<Isolation> kIsolationWords[] = {
    {Isolation::cell, "cell", "nothing: each cell has its own, cloned from its kernel's template"},
    {Isolation::kernel, "kernel",
     "the cells of a kernel: faster, and one may see what another left behind"},
};
constexpr const auto& words_of(Isolation) { return kIsolationWords; }

/// What a VM takes of the host's memory at most: its guest's, and QEMU's own.
int vm_memory_mib(int guest_mib);
/// What VMs may take of the memory that is free now, from the text of /proc/meminfo. Nothing: it
/// does not say.
std::optional<std::int64_t> memory_for_vms_mib(std::string_view meminfo);
/// VMs at a time: at most one a core, and no more than fit into `memory_mib`; one at least.
int jobs_within(int cores, std::optional<std::int64_t> memory_mib, int guest_mib);

struct RunSettings {
  /// Where kernels come from and are kept. Compiled objects are kept in the same store.
  FetchOptions fetch{};
  /// Headers that the cases share.
  std::filesystem::path case_headers{};
  AccelChoice accel = AccelChoice::automatic;
  /// VMs at a time; each keeps one core busy.
  int jobs = 1;
  /// The host has a core beside those, for what can be done ahead.
  bool spare_core = false;
  Isolation isolation = Isolation::cell;
  /// One cell in so many is run again in a VM that was booted, not cloned, and must come to the
  /// same; 0: none.
  int cold_check = 0;
  std::chrono::seconds boot_timeout{120};
  /// What one cell may take, from its first byte into the guest to its whole record out.
  std::chrono::seconds cell_timeout{120};
  /// Whether outcomes that earlier runs found out are taken, and new ones kept for later runs.
  bool cache = true;
};

/// The store, the mirror and the data of this machine and installation; `mirror` may be empty.
/// Error: no mirror is configured, the configuration is malformed, or the data files are missing.
Result<RunSettings> default_settings(const std::string& mirror);

}  // namespace bpfmatrix
