// A root file system of Debian packages and of all that they depend on, through the same chain of
// trust into the same store as a single file (deb_file.h).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "kernels/archive/root_tree.h"
#include "kernels/fetch/fetch_options.h"

namespace bpfmatrix {

struct DebRootRequest {
  std::string suite{};
  Arch arch = Arch::x86_64;
  std::vector<std::string> packages{};
};

/// Where the store has it, or will.
std::filesystem::path deb_root_link(const DebRootRequest& request, const Store& store);

/// Fetched and unpacked once; after that the network is not needed. Packages' scripts are never
/// run. As in an installed system /bin, /sbin and /lib* are links into /usr. The files of packages
/// that the request names, and of those built from the same sources, are wanted; those of others
/// are only there. Blocks. Error: as
/// fetch_deb_file, starting with "root 'deb:SUITE/NAMES' for ARCH: "; as follow_depends; it
/// unpacks to more than kMaxRootBytes.
Result<RootTree> fetch_deb_root(const DebRootRequest& request, const FetchOptions& options);

}  // namespace bpfmatrix
