// What fetching needs to know about this machine.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "kernels/fetch/download.h"
#include "kernels/fetch/mirror.h"
#include "kernels/store.h"

namespace bpfmatrix {

struct FetchOptions {
  /// From choose_mirror.
  std::string mirror{};
  /// From choose_archive_mirrors.
  ArchiveMirrors archives{};
  Store store{""};
  /// Where the keyrings named by the catalog lie.
  std::filesystem::path keyrings = "/usr/share/keyrings";
  /// Where the keys of RPM packages lie: FINGERPRINT.asc.
  std::filesystem::path rpm_keys{};
  TransferLimits limits{};
  /// How long to wait for another process that is fetching the same.
  std::chrono::milliseconds lock_timeout = std::chrono::hours(1);
  /// May be empty. Called on the fetching thread.
  ProgressCallback progress{};
  /// One line about what takes time otherwise ("unpacking ..."). May be empty.
  std::function<void(std::string_view)> notice{};
  /// Judges whether a Release file is still good.
  std::function<std::chrono::sys_seconds()> now = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };

  /// `now` is a time in the past: keys that were good then are good.
  bool of_the_past = false;

  void say(std::string_view line) const {
    if (notice) notice(line);
  }
};

}  // namespace bpfmatrix
