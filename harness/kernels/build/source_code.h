// Where the source of a kernel comes from, known by its hash before any of it is unpacked.
#pragma once

#include <filesystem>
#include <functional>

#include "base/result.h"
#include "kernels/build/build_options.h"
#include "kernels/catalog.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

struct SourceCode {
  /// Kind, package, version, sha256, and the chain down to the source.
  Origin origin{};
  /// Where it lies when it was given as a folder: built from there, never written to.
  std::optional<std::filesystem::path> folder{};
  /// Else: brings it into an empty folder. Blocks for the network.
  std::function<Result<>(const std::filesystem::path& into)> unpack{};
};

/// What `options` gives, or else what the entry names. Blocks: a package's index is fetched, a
/// folder is hashed as a whole. Error: no such file or folder; a tarball that is not the pinned
/// one; the package is not there.
Result<SourceCode> find_source_code(const CatalogEntry& entry, const BuildSource& source,
                                    const BuildOptions& options);

/// One hash over the names and the contents of all files and links below `folder`.
Result<std::string> hash_folder(const std::filesystem::path& folder);

}  // namespace bpfmatrix
