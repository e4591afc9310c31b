// The programs that build a kernel, found before anything is downloaded.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

struct NeededTool {
  std::string program{};
  /// Debian's package of it.
  std::string package{};
};

struct BuildTools {
  /// What is in front of every tool of the target: "aarch64-linux-gnu-".
  std::string prefix{};
  /// The compiler for the kernel, and the one for the programs that its build runs.
  std::string compiler{};
  std::string host_compiler{};
  bool ccache = false;
  /// First lines of --version.
  std::string compiler_version{};
  std::string linker_version{};
  std::string pahole_version{};
};

using FindProgram = std::function<std::optional<std::filesystem::path>(const std::string&)>;

/// What a kernel for `target` needs on a machine that is a `host` itself.
std::vector<NeededTool> needed_tools(Arch target, Arch host, std::string_view gcc);

/// Error: one for all that is missing; its hint is what to install.
Result<> check_tools(const std::vector<NeededTool>& needed, const FindProgram& find);

/// All of it on this machine, by $PATH. Runs each compiler once. Error: see check_tools.
Result<BuildTools> find_build_tools(Arch target, std::string_view gcc);

}  // namespace bpfmatrix
