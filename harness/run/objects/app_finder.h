// The files of loader apps: found, and known to be such that a guest can run.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "cell/app_file.h"
#include "kernels/fetch/fetch_options.h"
#include "matrix/loader_app.h"
#include "matrix/plan.h"

namespace bpfmatrix {

/// A guest has no libraries and no interpreter: a program that comes alone must be static, and of
/// the guest's architecture. `path` is only named in errors.
Result<> check_runs_in_guest(std::string_view bytes, Arch arch, const std::string& path);

/// With its libraries, if it is not static. Error: it cannot be read, or no guest can run it.
Result<AppFile> find_app(const LoaderApp& app, Arch arch, const FetchOptions& fetch = {});

/// Each loader of the plan that is a app, on each architecture on which the plan needs it:
/// `apps`, and those that come with the guest tools. Error: the first that is unavailable; one
/// that has the name of a loader of ours; two of one name; a loader that is not there at all.
/// Blocks for the network where one has a root of packages that were not fetched before.
Result<AppFiles> find_apps(const std::vector<LoaderApp>& apps, const Plan& plan,
                           const FetchOptions& fetch = {});

}  // namespace bpfmatrix
