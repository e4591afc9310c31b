// A file out of a Debian package, through the same chain of trust into the same store.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "kernels/fetch/fetch_options.h"
#include "kernels/kernel.h"

namespace bpfmatrix {

struct DebFileRequest {
  std::string suite{};
  Arch arch = Arch::x86_64;
  std::string package{};
  /// As `dpkg -L` prints it; a leading '/' is optional.
  std::string path{};
};

struct DebFile {
  std::filesystem::path path{};
  Origin origin{};
};

/// The whole package is fetched once, its plain files are kept (links are left out); after that the
/// network is not needed. Blocks. Error: as fetch_kernel, starting with "package 'NAME': "; no key
/// is known that may sign the suite (FetchOptions::suites); the package has no such file, then the
/// hint lists files that end like it.
Result<DebFile> fetch_deb_file(const DebFileRequest& request, const FetchOptions& options);

}  // namespace bpfmatrix
