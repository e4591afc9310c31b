#include "images/guest_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kLoaderPrefix = "loader-";
constexpr std::string_view kCommandPrefix = "app-";

std::vector<fs::path> default_folders(Arch arch) {
  if (const char* set = std::getenv("BPFMATRIX_GUEST_DIR"))
    return {fs::path(set) / to_string(arch)};
  std::error_code ec;
  const fs::path prefix = fs::read_symlink("/proc/self/exe", ec).parent_path().parent_path();
  return {prefix / "guest" / to_string(arch),
          prefix / "libexec" / "bpfmatrix" / "guest" / to_string(arch)};
}

Result<std::vector<LoaderFile>> list_loaders(const fs::path& folder, std::string_view prefix) {
  std::vector<LoaderFile> loaders;
  std::error_code ec;
  for (fs::directory_iterator entry(folder, ec); !ec && entry != fs::directory_iterator();
       entry.increment(ec)) {
    const std::string file = entry->path().filename().string();
    if (!file.starts_with(prefix)) continue;
    const std::string name = file.substr(prefix.size());
    if (is_valid_id(name)) loaders.push_back({name, entry->path()});
  }
  if (ec) return Error{fmt::format("'{}': {}", folder.string(), ec.message())};
  std::sort(loaders.begin(), loaders.end(),
            [](const LoaderFile& a, const LoaderFile& b) { return a.name < b.name; });
  return loaders;
}

}  // namespace

Result<GuestTools> find_guest_tools(const std::vector<fs::path>& folders) {
  std::string looked_in;
  for (const fs::path& folder : folders) {
    std::error_code ec;
    const fs::path agent = folder / "agent";
    if (fs::is_regular_file(agent, ec)) {
      Result<std::vector<LoaderFile>> loaders = list_loaders(folder, kLoaderPrefix);
      if (!loaders) return std::move(loaders).error();
      Result<std::vector<LoaderFile>> commands = list_loaders(folder, kCommandPrefix);
      if (!commands) return std::move(commands).error();
      return GuestTools{agent, *std::move(loaders), *std::move(commands), folder / "probe"};
    }
    looked_in += fmt::format("{}'{}'", looked_in.empty() ? "" : ", ", agent.string());
  }
  return Error{"no guest agent", fmt::format("looked for {}; build the target 'guest' or set "
                                             "BPFMATRIX_GUEST_DIR",
                                             looked_in)};
}

Result<GuestTools> find_guest_tools(Arch arch) {
  Result<GuestTools> tools = find_guest_tools(default_folders(arch));
  if (!tools) return wrap(fmt::format("guest tools for {}", to_string(arch)), tools.error());
  return tools;
}

}  // namespace bpfmatrix
