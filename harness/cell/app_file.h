// The file of an application on one architecture, known to be one that a guest can run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "matrix/loader_app.h"

namespace bpfmatrix {

/// The loader of ours that runs and watches an application.
inline constexpr std::string_view kAppLoader = "app";

/// No file of an application is larger.
inline constexpr std::uint64_t kMaxAppBytes = 256 << 20;

/// What an application needs beside its own file: data, libraries, the dynamic loader.
struct AppNeeds {
  std::filesystem::path file{};
  std::string guest_path{};
  std::string sha256{};
  /// It may be executed.
  bool executable = false;
  /// Of a symbolic link, where it leads; then there is no file.
  std::string link{};
  /// A folder.
  bool folder = false;
};

/// What an application has in place of the guest's own root, which is nearly empty.
struct AppRoot {
  /// The program's path in it.
  std::string program{};
  std::vector<AppNeeds> files{};
  /// Of all their paths and contents.
  std::string sha256{};
  std::uint64_t bytes = 0;
  /// Folders of its libraries that the interpreter does not know by itself, as LD_LIBRARY_PATH has
  /// them.
  std::string library_path{};
};

struct AppFile {
  LoaderApp app{};
  std::filesystem::path file{};
  std::string sha256{};
  std::vector<AppNeeds> needs{};
  /// The program is one of its files.
  std::optional<AppRoot> root{};
};

/// By name and architecture.
using AppFiles = std::map<std::pair<std::string, Arch>, AppFile>;

}  // namespace bpfmatrix
