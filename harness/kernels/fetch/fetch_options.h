// What fetching needs to know about this machine.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/fetch/download.h"
#include "kernels/fetch/machine_clock.h"
#include "kernels/fetch/mirror.h"
#include "kernels/fetch/release_file.h"
#include "kernels/store.h"

namespace bpfmatrix {

/// Whose signature a suite must bear.
struct SuiteKeys {
  /// File name of the keyring that has the keys.
  std::string keyring{};
  /// Fingerprints of those of them that may sign it.
  std::vector<std::string> keys{};
};

struct FetchOptions {
  /// From choose_mirror.
  std::string mirror{};
  /// From choose_archive_mirrors.
  ArchiveMirrors archives{};
  Store store{""};
  /// Where the keyrings named by the catalog lie.
  std::filesystem::path keyrings = "/usr/share/keyrings";
  /// By codename, for files of packages (fetch_deb_file); the catalog's entries name their own.
  std::map<std::string, SuiteKeys, std::less<>> suites{};
  /// Where the keys of RPM packages lie: FINGERPRINT.asc.
  std::filesystem::path rpm_keys{};
  TransferLimits limits{};
  /// How long to wait for another process that is fetching the same.
  std::chrono::milliseconds lock_timeout = std::chrono::hours(1);
  /// May be empty. Called on the fetching thread.
  ProgressCallback progress{};
  /// One line about what takes time otherwise ("unpacking ..."). May be empty.
  std::function<void(std::string_view)> notice{};
  /// The clock of this machine.
  std::function<std::chrono::sys_seconds()> now = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };

  /// When this program was built: a clock that is before it is wrong.
  std::chrono::sys_seconds built = build_day();
  /// The time of a snapshot, by which Release files and keys are judged in place of `now`.
  std::optional<std::chrono::sys_seconds> snapshot{};
  /// Take a Release file that is older than one seen before, and say so in the record.
  bool allow_older = false;

  AsOf as_of() const { return {.time = snapshot.value_or(now()), .past = snapshot.has_value()}; }

  void say(std::string_view line) const {
    if (notice) notice(line);
  }
};

}  // namespace bpfmatrix
