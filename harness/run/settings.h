// How to run, as opposed to what: where things are kept, how many at a time, how long to wait.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "kernels/fetch.h"
#include "vm/accel.h"

namespace bpfmatrix {

struct RunSettings {
  /// Where kernels come from and are kept.
  FetchOptions fetch{};
  /// Compiled objects and headers, measured facts about this host.
  std::filesystem::path cache_dir{};
  /// cases/, kernels/, images/ of this installation.
  std::filesystem::path data_dir{};
  AccelChoice accel = AccelChoice::automatic;
  /// VMs at a time; each keeps one core busy.
  int jobs = 1;
  std::chrono::seconds boot_timeout{120};
  /// What one cell may take, from its first byte into the guest to its whole record out.
  std::chrono::seconds cell_timeout{120};
};

}  // namespace bpfmatrix
