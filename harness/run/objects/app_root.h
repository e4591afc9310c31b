// The root file system of an application: opened, the program found in it, and chosen of it what
// the guest is given.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "cell/app_file.h"
#include "kernels/archive/root_tree.h"
#include "kernels/fetch/deb_root.h"
#include "kernels/fetch/fetch_options.h"
#include "matrix/loader_app.h"

namespace bpfmatrix {

/// Of packages where their text names no suite: the stable one, whose tools are the newest.
inline constexpr std::string_view kUsualRootSuite = "trixie";
/// No guest is given more: all of it is in the guest's memory.
inline constexpr std::uint64_t kMaxBytesInGuest = std::uint64_t{320} << 20;

/// "deb:[SUITE/]PACKAGE[,PACKAGE...]"; names that come twice count once, their order does not.
/// Error: not of that form.
Result<DebRootRequest> parse_deb_root(std::string_view text, Arch arch);

/// As OwnObject::root has it. Packages are fetched; an image is unpacked, a folder is read. Error:
/// see fetch_deb_root, open_oci_root, read_root_folder.
Result<RootTree> open_app_root(const std::string& root, Arch arch, const FetchOptions& fetch);
/// It needs no network.
bool is_root_here(const std::string& root, Arch arch, const Store& store);

struct RootProgram {
  /// As it was found: "/usr/bin/bpftrace". It may be a link.
  std::string path{};
  const RootEntry* entry = nullptr;
};

/// An absolute path, or a name in /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin or
/// /bin. Error: there is none, with names like it.
Result<RootProgram> find_root_program(const RootTree& tree, const std::string& program,
                                      const std::string& root);

/// What `app` is given of `tree`, as find_rooted_app says.
Result<AppRoot> choose_of_root(const RootTree& tree, const LoaderApp& app, Arch arch);

/// The program with what it is given of its root: itself, its interpreter and its libraries, found
/// as ld.so(8) would in that root; all that is wanted of the root with the libraries of that; and
/// every file that is no program and no library. What lies in the root and belongs to none of these
/// (libraries of packages that nothing is known to need) is left out. Nothing is run. Error: a
/// library that the program needs is not in the root; the program is for another architecture; it
/// is no program; more than kMaxBytesInGuest.
Result<AppFile> find_rooted_app(const LoaderApp& app, Arch arch, const FetchOptions& fetch);

}  // namespace bpfmatrix
