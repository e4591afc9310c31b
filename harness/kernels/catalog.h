// The kernels that have a name: kernels/catalog.json, read strictly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

/// A kernel, or its source, out of Debian packages.
struct DebSource {
  /// Codename: "bookworm", "trixie-backports".
  std::string suite{};
  /// A metapackage ("linux-image-cloud-amd64") or an image package; "linux-source-5.10".
  std::string package{};
  /// File name of the keyring that has the keys.
  std::string keyring{};
  /// "20181120T000000Z": the suite as it was then, out of an archive of snapshots; empty: today's.
  std::string snapshot{};
  /// Fingerprints of the keys, of those in the keyring, that may sign its Release file.
  std::vector<std::string> keys{};
  /// Of the InRelease file; empty: not pinned. One that is pinned may have a weak key.
  std::string release_sha256{};
};

/// One package of a kernel, verified by its source's key, its own hash, or both.
struct RpmPackage {
  /// Below the distribution's mirror: "8.5.2111/BaseOS/x86_64/os/Packages/kernel-core-...rpm".
  std::string path{};
  std::string sha256{};
};

/// A kernel out of RPM packages.
struct RpmSource {
  /// Which mirror: "centos".
  std::string distribution{};
  std::vector<RpmPackage> packages{};
  /// Fingerprint of the key that signs them; empty: every package is pinned.
  std::string key{};
};

/// A release tarball of the kernel's developers, pinned by its hash.
struct TarballSource {
  /// Below the kernel mirror: "v4.x/linux-4.18.tar.xz".
  std::string path{};
  std::string sha256{};
};

/// A kernel built here, from source.
struct BuildSource {
  /// A tarball, or a linux-source-... package.
  std::variant<TarballSource, DebSource> code{};
  /// Files of kernels/config/ without ".config", in this order.
  std::vector<std::string> config{};
  /// Version of gcc ("12"), for the kernel and the programs its build runs.
  std::string gcc{};
  /// Flags this version needs with that compiler, for the kernel and for the build's own programs.
  std::vector<std::string> kcflags{};
  std::vector<std::string> hostcflags{};
  /// What pahole must leave out of the BTF, so that this version's own parser takes it.
  std::vector<std::string> pahole_flags{};
  /// Files that are compiled, about: what progress is measured against.
  std::int64_t objects = 0;
};

/// A kernel that its user added (kernels add): it is in the store and cannot be fetched.
struct LocalSource {};

/// One alternative per kind of provider; the catalog's file knows no LocalSource.
using KernelSource = std::variant<DebSource, RpmSource, BuildSource, LocalSource>;

struct CatalogEntry {
  std::string id{};
  Arch arch = Arch::x86_64;
  KernelSource source{};
};

struct Catalog {
  std::vector<CatalogEntry> entries{};
};

/// Error: unreadable, not the schema, an id that occurs twice. `source` names the text in errors.
Result<Catalog> parse_catalog(std::string_view text, std::string_view source);
Result<Catalog> load_catalog(const std::filesystem::path& path);

/// The entries that say who signs today's Debian, one for each suite; snapshots are left out.
std::map<std::string, DebSource, std::less<>> signed_suites(const Catalog& catalog);

bool contains(const Catalog& catalog, std::string_view id);
/// In its order.
std::vector<std::string> ids_of(const Catalog& catalog);

/// The entries whose id one of the globs matches, in catalog order. Error: a glob matches none; the
/// hint names the nearest id.
Result<std::vector<CatalogEntry>> select_entries(const Catalog& catalog,
                                                 const std::vector<std::string>& globs);

}  // namespace bpfmatrix
