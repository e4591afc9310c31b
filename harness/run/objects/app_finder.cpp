#include "run/objects/app_finder.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "elf/dynamic.h"
#include "images/guest_tools.h"
#include "run/objects/app_needs.h"
#include "run/objects/app_root.h"

namespace bpfmatrix {

namespace {

std::string machine_name(std::uint16_t machine) {
  if (machine == EM_X86_64) return "x86_64";
  if (machine == EM_AARCH64) return "aarch64";
  return fmt::format("machine {}", machine);
}

Result<DynamicInfo> check_made_for(std::string_view bytes, Arch arch, const std::string& path) {
  Result<DynamicInfo> info = read_dynamic(bytes);
  if (!info || !info->executable)
    return Error{fmt::format("loader '{}': not an executable ELF file", path)};
  if (is_made_for(*info, arch)) return info;
  return Error{fmt::format("loader '{}': made for {}, but the kernel is for {}", path,
                           machine_name(info->machine), to_string(arch)),
               "put '{arch}' in its path to have one file for each; --arch chooses kernels"};
}

Error name_is_taken(const LoaderApp& app) {
  return Error{fmt::format("loader '{}': there is another loader called '{}'", app.path, app.name),
               "give the file another name"};
}

/// What a cell may call its loader. That which runs apps is no loader by itself.
std::set<std::string> names_of(const GuestTools& tools) {
  std::set<std::string> names;
  for (const LoaderFile& loader : tools.loaders) names.insert(loader.name);
  for (const LoaderFile& app : tools.apps) names.insert(app.name);
  names.erase(std::string(kAppLoader));
  return names;
}

const LoaderFile* find_loader(const std::vector<LoaderFile>& loaders, const std::string& name) {
  const auto found = std::find_if(loaders.begin(), loaders.end(),
                                  [&](const LoaderFile& one) { return one.name == name; });
  return found == loaders.end() ? nullptr : &*found;
}

std::map<Arch, std::set<std::string>> loaders_by_arch(const Plan& plan) {
  std::map<Arch, std::set<std::string>> loaders;
  for (const Cell& cell : plan.cells) loaders[cell.kernel.arch].insert(cell.loader);
  return loaders;
}

Result<AppFile> read_app(const LoaderApp& app, const std::filesystem::path& file, Arch arch) {
  const Result<std::string> bytes = read_file(file, kMaxAppBytes);
  if (!bytes) return wrap("loader", bytes.error());
  if (const auto made = check_made_for(*bytes, arch, file); !made) return made.error();
  Result<std::vector<AppNeeds>> needs = find_app_needs(app, *bytes, arch);
  if (!needs) return std::move(needs).error();
  AppFile found{app, file, sha256_hex(*bytes), *std::move(needs)};
  const std::string libraries = library_path(found.needs);
  if (!libraries.empty()) found.app.environment.try_emplace("LD_LIBRARY_PATH", libraries);
  return found;
}

/// A app that comes with us is named as the user names it, wherever its file lies.
LoaderApp app_of_ours(const std::string& name) { return {name, name}; }

/// Nothing: a loader of ours that keeps the contract, and is in the guest already.
Result<std::optional<AppFile>> find_in_tools(const std::string& name, const GuestTools& tools,
                                             Arch arch) {
  const std::set<std::string> known = names_of(tools);
  if (!known.contains(name)) {
    return Error{fmt::format("unknown loader '{}' for {}", name, to_string(arch)),
                 fmt::format("{}; give an application by its path, as in ./{}",
                             hint_for_unknown(name, {known.begin(), known.end()}), name)};
  }
  if (find_loader(tools.loaders, name) != nullptr) return std::optional<AppFile>();
  const LoaderFile* found = find_loader(tools.apps, name);
  Result<AppFile> file = read_app(app_of_ours(name), found->file, arch);
  if (!file) return std::move(file).error();
  return std::optional(*std::move(file));
}

/// By name. Error: two of one name.
Result<std::map<std::string, LoaderApp>> by_name(const std::vector<LoaderApp>& apps) {
  std::map<std::string, LoaderApp> named;
  for (const LoaderApp& app : apps) {
    if (!named.emplace(app.name, app).second) return name_is_taken(app);
  }
  return named;
}

Result<std::optional<AppFile>> find_one(const std::string& name,
                                        const std::map<std::string, LoaderApp>& given,
                                        const GuestTools& tools, Arch arch,
                                        const FetchOptions& fetch) {
  const auto app = given.find(name);
  if (app == given.end()) return find_in_tools(name, tools, arch);
  if (names_of(tools).contains(name)) return name_is_taken(app->second);
  Result<AppFile> file = find_app(app->second, arch, fetch);
  if (!file) return std::move(file).error();
  return std::optional(*std::move(file));
}

}  // namespace

Result<> check_runs_in_guest(std::string_view bytes, Arch arch, const std::string& path) {
  const Result<DynamicInfo> made = check_made_for(bytes, arch, path);
  if (!made) return made.error();
  if (made->interpreter.empty()) return {};
  return Error{
      fmt::format("loader '{}': not static (it needs '{}')", path, made->interpreter),
      "its libraries are not with it; C: -static, Rust: a -musl target, Go: CGO_ENABLED=0"};
}

Result<AppFile> find_app(const LoaderApp& app, Arch arch, const FetchOptions& fetch) {
  if (has_root(app)) return find_rooted_app(app, arch, fetch);
  return read_app(app, path_on(app.path, arch), arch);
}

Result<AppFiles> find_apps(const std::vector<LoaderApp>& apps, const Plan& plan,
                           const FetchOptions& fetch) {
  const auto given = by_name(apps);
  if (!given) return given.error();
  AppFiles files;
  for (const auto& [arch, loaders] : loaders_by_arch(plan)) {
    const Result<GuestTools> tools = find_guest_tools(arch);
    if (!tools) return tools.error();
    for (const std::string& name : loaders) {
      Result<std::optional<AppFile>> file = find_one(name, *given, *tools, arch, fetch);
      if (!file) return std::move(file).error();
      if (*file) files.emplace(std::pair(name, arch), **std::move(file));
    }
  }
  return files;
}

}  // namespace bpfmatrix
