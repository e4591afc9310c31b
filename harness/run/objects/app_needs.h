// What an application needs in the guest beside its own file: what its user names, and, of one that
// is linked dynamically, its interpreter and its libraries.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "cell/app_file.h"
#include "matrix/loader_app.h"

namespace bpfmatrix {

/// Finds them as ld.so(8) would, by what the files say of themselves: nothing is run. Libraries of
/// this machine serve guests of its architecture. The guest finds a library where it lies here.
/// What is loaded by dlopen(3) is not known: its user names it.
/// Error: a file cannot be read; a library is not here; more than 512 files.
Result<std::vector<AppNeeds>> find_app_needs(const LoaderApp& app, std::string_view bytes,
                                             Arch arch);

/// Only what its user names (OwnObject::files).
Result<std::vector<AppNeeds>> named_files(const LoaderApp& app);

/// The folders of the libraries among `needs`, as LD_LIBRARY_PATH has them; empty: there are none.
std::string library_path(const std::vector<AppNeeds>& needs);

}  // namespace bpfmatrix
