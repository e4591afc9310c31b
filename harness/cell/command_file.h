// The file of a loader command on one architecture, known to be one that a guest can run.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "matrix/loader_command.h"

namespace bpfmatrix {

/// The loader of ours that runs and watches a command.
inline constexpr std::string_view kCommandLoader = "app";

struct CommandFile {
  LoaderCommand command{};
  std::filesystem::path file{};
  std::string sha256{};
};

/// By name and architecture.
using CommandFiles = std::map<std::pair<std::string, Arch>, CommandFile>;

}  // namespace bpfmatrix
