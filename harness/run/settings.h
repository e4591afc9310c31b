// How to run, as opposed to what: where things are kept, how many at a time, how long to wait.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "kernels/fetch_options.h"
#include "vm/accel.h"

namespace bpfmatrix {

struct RunSettings {
  /// Where kernels come from and are kept. Compiled objects are kept in the same store.
  FetchOptions fetch{};
  /// Headers that the cases share.
  std::filesystem::path case_headers{};
  AccelChoice accel = AccelChoice::automatic;
  /// VMs at a time; each keeps one core busy.
  int jobs = 1;
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
