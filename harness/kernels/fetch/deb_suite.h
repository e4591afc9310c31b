// One suite of a Debian archive, from its signature down to single packages:
// named keys -> InRelease (gpgv) -> Packages (sha256, size) -> .deb (sha256, size). Nothing skips a
// link.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/fetch/fetch_options.h"
#include "kernels/fetch/packages_index.h"

namespace bpfmatrix {

struct SuiteRequest {
  std::string suite{};
  Arch arch = Arch::x86_64;
  /// File name below FetchOptions::keyrings.
  std::string keyring{};
  /// Fingerprints of the keys that may sign.
  std::vector<std::string> keys{};
  /// See DebSource.
  std::string snapshot{};
  std::string release_sha256{};
  /// Of an index that is read as a whole.
  DamagedEntry damaged = DamagedEntry::error;
};

/// The suite of `source`, for one architecture.
SuiteRequest suite_of(const DebSource& source, Arch arch);

struct DebSuite {
  std::vector<DebPackage> packages{};
  /// Fingerprint of the key that signed the InRelease file.
  std::string signed_by{};
  /// The links so far, outermost first, as Origin::chain keeps them.
  std::vector<std::string> chain{};
};

/// Blocks for the network. Keeps the packages of component "main" whose names `wanted` likes.
/// Error: any link of the chain does not hold; see verify_clearsigned, check_release,
/// choose_signature, remember_release, download_file; or the clock of this machine is wrong.
Result<DebSuite> open_suite(const SuiteRequest& request,
                            const std::function<bool(std::string_view)>& wanted,
                            const FetchOptions& options);

/// The verified .deb, in the store's blobs until `drop_package`. Blocks for the network unless it
/// is there.
Result<std::filesystem::path> fetch_package(const DebPackage& package, const FetchOptions& options);
void drop_package(const DebPackage& package, const FetchOptions& options);

/// The chain's last link: "linux-image-..._amd64.deb: sha256 ...".
std::string package_link(const DebPackage& package);

}  // namespace bpfmatrix
