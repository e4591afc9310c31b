// The root file system of a container image that lies on this machine as an OCI image layout: what
// `skopeo copy docker://NAME oci:FOLDER` and `podman save --format oci-dir -o FOLDER` write.
// Source: github.com/opencontainers/image-spec v1.1, image-layout.md, image-index.md, manifest.md,
// layer.md.
#pragma once

#include <filesystem>

#include "base/ids.h"
#include "base/result.h"
#include "kernels/archive/root_tree.h"
#include "kernels/fetch/fetch_options.h"

namespace bpfmatrix {

/// It has the file `oci-layout`.
bool is_oci_layout(const std::filesystem::path& folder);

/// The image's layers, one upon the other, unpacked once into the store. Of an index the image for
/// `arch` is taken, and all of it is wanted; its configuration (environment, entry point) is not
/// looked at but for its architecture. Blocks. Error, starting with "image 'FOLDER' for ARCH: ": no
/// such image, or several; a blob that is missing or is not what its digest says; as
/// unpack_entries; more than kMaxRootBytes or kMaxRootEntries.
Result<RootTree> open_oci_root(const std::filesystem::path& folder, Arch arch,
                               const FetchOptions& options);

}  // namespace bpfmatrix
