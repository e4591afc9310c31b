// A kernel out of RPM packages: each under its own signature or pinned by its hash, both where the
// catalog has both. Image, config and System.map are in /lib/modules/RELEASE of kernel-core.
#pragma once

#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/fetch/fetch_options.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

/// Blocks for the network. Leaves the kernel's tree in the store, linked under its id; the caller
/// holds the lock of that id. Error: no mirror of the distribution is known; a package is gone, is
/// another than its name says, or it is not verified (see verify_rpm); see unpack_rpm and
/// read_kernel_image.
Result<Kernel> fetch_rpm_kernel(const CatalogEntry& entry, const RpmSource& source,
                                const FetchOptions& options);

}  // namespace bpfmatrix
