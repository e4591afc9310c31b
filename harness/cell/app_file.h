// The file of an application on one architecture, known to be one that a guest can run.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "matrix/loader_app.h"

namespace bpfmatrix {

/// The loader of ours that runs and watches an application.
inline constexpr std::string_view kAppLoader = "app";

struct AppFile {
  LoaderApp app{};
  std::filesystem::path file{};
  std::string sha256{};
};

/// By name and architecture.
using AppFiles = std::map<std::pair<std::string, Arch>, AppFile>;

}  // namespace bpfmatrix
