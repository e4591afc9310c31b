#include "run/objects/app_needs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "elf/dynamic.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNeeds = 512;
constexpr std::uint64_t kMaxConfigBytes = 1 << 20;
constexpr int kMaxIncludes = 8;

/// ld.so.conf(5): a folder a line, and "include GLOB".
void read_folders(const fs::path& config, int depth, std::vector<fs::path>& folders) {
  const Result<std::string> text = read_file(config, kMaxConfigBytes);
  if (!text || depth > kMaxIncludes) return;
  for (const std::string_view line : split(*text, '\n')) {
    const std::vector<std::string_view> parts = words(line.substr(0, line.find('#')));
    if (parts.empty()) continue;
    if (parts[0] != "include") {
      folders.emplace_back(parts[0]);
      continue;
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string pattern = fs::path(parts[i]).is_absolute()
                                      ? std::string(parts[i])
                                      : (config.parent_path() / parts[i]).string();
      glob_t found{};
      if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        for (std::size_t k = 0; k < found.gl_pathc; ++k)
          read_folders(found.gl_pathv[k], depth + 1, folders);
      }
      ::globfree(&found);
    }
  }
}

/// Where libraries lie that no file names a folder for: as configured, then as ld.so has it.
std::vector<fs::path> usual_folders() {
  std::vector<fs::path> folders;
  read_folders("/etc/ld.so.conf", 0, folders);
  for (const char* folder : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"})
    folders.emplace_back(folder);
  return folders;
}

Result<> add_needs(const LoaderApp& app, const fs::path& file, const std::string& guest_path,
                   std::vector<AppNeeds>& needs) {
  if (needs.size() == kMaxNeeds)
    return Error{fmt::format("application '{}': more than {} files", app.path, kMaxNeeds)};
  const Result<std::string> hash = sha256_file(file);
  if (!hash) return wrap(fmt::format("application '{}'", app.path), hash.error());
  std::error_code none;
  const bool executable =
      (fs::status(file, none).permissions() & fs::perms::owner_exec) != fs::perms::none;
  needs.push_back({file, guest_path, *hash, executable});
  return {};
}

class Closure {
 public:
  Closure(const LoaderApp& app, Arch arch) : app_(app), arch_(arch), folders_(usual_folders()) {}

  Result<std::vector<AppNeeds>> run(std::string_view bytes) {
    Result<std::vector<AppNeeds>> files = named_files(app_);
    if (!files) return files;
    needs_ = *std::move(files);
    Result<DynamicInfo> program = read_dynamic(bytes);
    if (!program) return named(path_on(app_.path, arch_), program.error());
    if (program->interpreter.empty()) return std::move(needs_);
    if (!read_library(program->interpreter)) {
      return Error{fmt::format("application '{}': its interpreter '{}' is no ELF file for {}",
                               app_.path, program->interpreter, to_string(arch_))};
    }
    if (Result<> added = add(program->interpreter, program->interpreter); !added)
      return std::move(added).error();
    wait_for(*program, fs::path(path_on(app_.path, arch_)).parent_path());
    while (!waiting_.empty()) {
      const Wanted wanted = std::move(waiting_.front());
      waiting_.pop_front();
      if (Result<> found = find(wanted); !found) return std::move(found).error();
    }
    return std::move(needs_);
  }

 private:
  struct Wanted {
    std::string name;
    std::vector<fs::path> first;
  };

  void wait_for(const DynamicInfo& file, const fs::path& origin) {
    std::vector<fs::path> first;
    for (const std::string& folder : file.search)
      first.emplace_back(fill_origin(folder, origin.string()));
    for (const std::string& name : file.needed) {
      if (known_.insert(name).second) waiting_.push_back({name, first});
    }
  }

  static std::string fill_origin(std::string folder, const std::string& origin) {
    for (const std::string_view mark : {"${ORIGIN}", "$ORIGIN"}) {
      const std::size_t at = folder.find(mark);
      if (at != std::string::npos) folder.replace(at, mark.size(), origin);
    }
    return folder;
  }

  /// Nothing: it is none for this architecture. A stranger's application names what it likes, and
  /// no other file of this machine goes into its guest for that. Folders of several architectures
  /// stand side by side.
  std::optional<DynamicInfo> read_library(const fs::path& path) const {
    const Result<std::string> bytes = read_file(path, kMaxAppBytes);
    if (!bytes) return std::nullopt;
    Result<DynamicInfo> library = read_dynamic(*bytes);
    if (!library || !is_made_for(*library, arch_)) return std::nullopt;
    return *std::move(library);
  }

  Result<> find(const Wanted& wanted) {
    std::vector<fs::path> folders = wanted.first;
    folders.insert(folders.end(), folders_.begin(), folders_.end());
    for (const fs::path& folder : folders) {
      const fs::path path = folder / wanted.name;
      const std::optional<DynamicInfo> library = read_library(path);
      if (!library) continue;
      wait_for(*library, path.parent_path());
      return add(path, path.string());
    }
    return Error{fmt::format("application '{}': library '{}' for {} is not here", app_.path,
                             wanted.name, to_string(arch_)),
                 "a static program needs none; --app-file puts a library into the guest"};
  }

  Result<> add(const fs::path& file, const std::string& guest_path) {
    return add_needs(app_, file, guest_path, needs_);
  }

  static Error named(const std::string& path, const Error& error) {
    return {fmt::format("application '{}': {}", path, error.message), error.hint};
  }

  const LoaderApp& app_;
  Arch arch_;
  std::vector<fs::path> folders_;
  std::vector<AppNeeds> needs_{};
  std::set<std::string> known_{};
  std::deque<Wanted> waiting_{};
};

bool is_library(const AppNeeds& needs) { return needs.file == needs.guest_path; }

}  // namespace

Result<std::vector<AppNeeds>> find_app_needs(const LoaderApp& app, std::string_view bytes,
                                             Arch arch) {
  return Closure(app, arch).run(bytes);
}

Result<std::vector<AppNeeds>> named_files(const LoaderApp& app) {
  std::vector<AppNeeds> needs;
  if (!app.own_object) return needs;
  for (const GuestFile& file : app.own_object->files) {
    if (Result<> added = add_needs(app, file.path, file.guest_path, needs); !added)
      return std::move(added).error();
  }
  return needs;
}

std::string library_path(const std::vector<AppNeeds>& needs) {
  std::vector<std::string> folders;
  for (const AppNeeds& one : needs) {
    if (!is_library(one)) continue;
    const std::string folder = fs::path(one.guest_path).parent_path().string();
    if (std::find(folders.begin(), folders.end(), folder) == folders.end())
      folders.push_back(folder);
  }
  return fmt::format("{}", fmt::join(folders, ":"));
}

}  // namespace bpfmatrix
