// The newest Release file that was seen of each suite, kept in the store: what was published once
// is not taken back, so an older one is a mirror that is behind, or somebody who replays it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "kernels/fetch/release_file.h"
#include "kernels/store.h"

namespace bpfmatrix {

/// Which memory a Release file is compared with.
struct ReleaseSource {
  std::string suite{};
  /// "20181120T000000Z"; empty: today's.
  std::string snapshot{};
  /// Told to who gets an error later; another mirror of the same archive is held to the same.
  std::string mirror{};
  /// What errors call the file.
  std::string url{};
};

/// Compares and remembers; to be called for a Release file that was verified. Several processes may
/// do so at once. Gives nothing, or, with `allow_older`, what would be the error otherwise. Error:
/// dated earlier than the newest that was seen of this archive (its Origin) and suite; or a suite
/// went back to an older codename or version, as a symbolic one could ("stable"); or the store
/// cannot be written; or what is remembered is damaged.
Result<std::optional<std::string>> remember_release(const Store& store, const ReleaseSource& source,
                                                    const ReleaseFile& release, bool allow_older);

}  // namespace bpfmatrix
