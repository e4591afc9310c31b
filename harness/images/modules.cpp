#include "images/modules.h"

#include <fmt/format.h>

#include <cassert>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>

#include "base/file.h"
#include "base/json.h"
#include "images/modinfo.h"
#include "images/modules_json.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxModulesListed = 50'000;  // a full distribution kernel ships about 5,000
constexpr std::size_t kMaxModulesTaken = 500;

/// "kernel/drivers/net/veth.ko.xz" -> "veth"; nothing for what is no module.
std::optional<std::string> name_of_file(const fs::path& path) {
  const std::string file = path.filename().string();
  const std::size_t extension = file.find(".ko");
  if (extension == std::string::npos || extension == 0) return std::nullopt;
  const std::string rest = file.substr(extension + 3);
  if (!rest.empty() && rest != ".xz" && rest != ".zst" && rest != ".gz") return std::nullopt;
  return module_name(file.substr(0, extension));
}

Result<std::set<std::string>> list_builtin(const fs::path& folder) {
  std::set<std::string> names;
  const fs::path path = folder / "modules.builtin";
  std::error_code ec;
  if (!fs::exists(path, ec)) return names;
  const Result<std::string> text = read_file(path, 4 << 20);
  if (!text) return text.error();
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (auto name = name_of_file(line)) names.insert(std::move(*name));
  }
  return names;
}

/// Walks the dependencies depth first; each module is read once and comes after what it needs.
class Collector {
 public:
  Collector(std::map<std::string, fs::path> shipped, std::set<std::string> builtin)
      : shipped_(std::move(shipped)), builtin_(std::move(builtin)) {}

  Result<> want(const WantedModule& wanted) {
    std::vector<Module> chain;
    const Result<std::string> absent = gather(module_name(wanted.name), wanted.use, chain);
    if (!absent) return absent.error();
    if (!absent->empty()) {
      for (const Module& module : chain) taken_.erase(module.name);
      set_.missing.push_back(wanted.name + ": " + *absent);
      return {};
    }
    std::move(chain.begin(), chain.end(), std::back_inserter(set_.modules));
    return {};
  }

  ModuleSet finish() && { return std::move(set_); }

 private:
  /// Puts `name` and what it needs into `chain`. Gives the reason when something is not there,
  /// empty when all is.
  Result<std::string> gather(const std::string& name, ModuleUse use, std::vector<Module>& chain) {
    if (builtin_.contains(name) || taken_.contains(name)) return std::string();
    const auto file = shipped_.find(name);
    if (file == shipped_.end()) return std::string("neither built in nor a module file");
    if (taken_.size() == kMaxModulesTaken) {
      return Error{fmt::format("'{}': needs more than {} modules", name, kMaxModulesTaken)};
    }
    taken_.insert(name);  // before its dependencies: a circle must end
    Result<std::string> bytes = read_module(file->second);
    if (!bytes) return std::move(bytes).error();
    const Result<Modinfo> info = read_modinfo(*bytes);
    if (!info) return wrap(fmt::format("'{}'", file->second.string()), info.error());
    for (const std::string& needed : info->depends) {
      Result<std::string> absent = gather(needed, use, chain);
      if (!absent) return absent;
      if (!absent->empty()) {
        taken_.erase(name);
        return fmt::format("needs '{}', {}", needed, *absent);
      }
    }
    chain.push_back({info->name.empty() ? name : info->name, use, *std::move(bytes)});
    return std::string();
  }

  std::map<std::string, fs::path> shipped_;
  std::set<std::string> builtin_;
  std::set<std::string> taken_{};
  ModuleSet set_{};
};

Result<WantedModule> read_wanted(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  WantedModule wanted;
  wanted.name = reader.string("name");
  wanted.reason = reader.string("reason");
  const auto use = parse_word<ModuleUse>(reader.string("use"));
  if (!use) reader.fail("use", "wanted 'channel' or 'later'");
  wanted.use = use.value_or(ModuleUse::later);
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return wanted;
}

}  // namespace

Result<std::map<std::string, fs::path>> module_files(const fs::path& folder) {
  std::map<std::string, fs::path> found;
  std::error_code ec;
  const fs::path top = folder / "kernel";
  if (!fs::exists(top, ec)) return found;  // everything may be built in
  fs::recursive_directory_iterator entry(top, ec);
  for (; !ec && entry != fs::recursive_directory_iterator(); entry.increment(ec)) {
    if (auto name = name_of_file(entry->path())) found.emplace(std::move(*name), entry->path());
    if (found.size() > kMaxModulesListed) {
      return Error{fmt::format("'{}': more than {} modules", top.string(), kMaxModulesListed)};
    }
  }
  if (ec) return file_error(top, ec);
  return found;
}

Result<std::vector<WantedModule>> parse_wanted_modules(std::string_view text,
                                                       std::string_view source) {
  const Result<Json> json = parse_json(text, source);
  if (!json) return json.error();
  ObjectReader reader(*json, std::string(source));
  const Json* list = reader.array("modules");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  std::vector<WantedModule> wanted;
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    Result<WantedModule> one = read_wanted((*list)[i], reader.where(fmt::format("modules[{}]", i)));
    if (!one) return std::move(one).error();
    wanted.push_back(*std::move(one));
  }
  return wanted;
}

std::vector<WantedModule> wanted_modules() {
  Result<std::vector<WantedModule>> wanted =
      parse_wanted_modules(kModulesJson, "images/modules.json");
  assert(wanted);  // a test reads it
  return *std::move(wanted);
}

Result<ModuleSet> collect_modules(const fs::path& folder, const std::vector<WantedModule>& wanted) {
  Result<std::map<std::string, fs::path>> shipped = module_files(folder);
  if (!shipped) return std::move(shipped).error();
  Result<std::set<std::string>> builtin = list_builtin(folder);
  if (!builtin) return std::move(builtin).error();
  Collector collector(*std::move(shipped), *std::move(builtin));
  for (const ModuleUse use : {ModuleUse::channel, ModuleUse::later}) {
    for (const WantedModule& module : wanted) {
      if (module.use != use) continue;
      if (Result<> taken = collector.want(module); !taken) {
        return wrap(fmt::format("module '{}'", module.name), std::move(taken).error());
      }
    }
  }
  return std::move(collector).finish();
}

}  // namespace bpfmatrix
