// The kernels that have a name: kernels/catalog.json, read strictly.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

/// A kernel out of Debian packages.
struct DebSource {
  /// Codename: "bookworm", "trixie-backports".
  std::string suite{};
  /// A metapackage ("linux-image-cloud-amd64") or an image package.
  std::string package{};
  /// File name of the keyring that vouches for the suite.
  std::string keyring{};
};

/// One alternative per kind of provider.
using KernelSource = std::variant<DebSource>;

struct CatalogEntry {
  std::string id{};
  Arch arch = Arch::x86_64;
  KernelSource source{};
};

struct Catalog {
  std::vector<CatalogEntry> entries{};
};

/// Error: unreadable, not the schema, an id that stands twice. `source` names the text in errors.
Result<Catalog> parse_catalog(std::string_view text, std::string_view source);
Result<Catalog> load_catalog(const std::filesystem::path& path);

/// The entries whose id one of the globs matches, in catalog order. Error: a glob matches none; the
/// hint lists the ids there are.
Result<std::vector<CatalogEntry>> select_entries(const Catalog& catalog,
                                                 const std::vector<std::string>& globs);

}  // namespace bpfmatrix
