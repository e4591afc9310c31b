#include "run/objects/app_root.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <set>

#include "base/file.h"
#include "base/nearest.h"
#include "base/sha256.h"
#include "base/text.h"
#include "elf/dynamic.h"
#include "kernels/fetch/oci_root.h"
#include "run/objects/app_needs.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProgramFolders[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                "/usr/bin",        "/sbin",          "/bin"};
constexpr std::uint64_t kMaxRootConfigBytes = 1 << 20;
constexpr std::size_t kMaxNamedFiles = 10;

std::string search_path() { return fmt::format("{}", fmt::join(kProgramFolders, ":")); }

std::string name_in(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::vector<std::string> library_folders(Arch arch) {
  const std::string triplet = fmt::format("{}-linux-gnu", to_string(arch));
  return {"/lib/" + triplet, "/usr/lib/" + triplet, "/lib64", "/usr/lib64", "/lib",
          "/usr/lib",        "/usr/local/lib"};
}

std::string head_of(const fs::path& file, std::size_t bytes) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string head(bytes, '\0');
  const ssize_t n = fd.valid() ? ::read(fd.get(), head.data(), head.size()) : 0;
  head.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return head;
}

bool is_elf(const fs::path& file) { return head_of(file, SELFMAG) == ELFMAG; }

/// What of a root goes into the guest.
class RootChoice {
 public:
  RootChoice(const RootTree& tree, const LoaderApp& app, Arch arch)
      : tree_(tree), app_(app), arch_(arch), usual_(library_folders(arch)) {
    read_configured_folders();
  }

  Result<AppRoot> run() {
    const Result<RootProgram> found = find_root_program(tree_, app_.path, root());
    if (!found) return found.error();
    const RootProgram& program = *found;
    if (Result<> taken = take_program(program); !taken) return std::move(taken).error();
    if (Result<> followed = follow(); !followed) return std::move(followed).error();
    must_be_here_ = false;
    for (const auto& [path, entry] : tree_.entries) {
      if (entry.kind == RootKind::file && (entry.wanted || !is_elf(entry.file))) take(path);
    }
    if (Result<> followed = follow(); !followed) return std::move(followed).error();
    return list(program);
  }

 private:
  struct Library {
    std::string name;
    std::vector<std::string> first;
    std::string user;
  };

  /// ld.so.conf(5) without its includes, and what packages put beside it.
  void read_configured_folders() {
    for (auto at = tree_.entries.lower_bound("etc/ld.so.conf"); at != tree_.entries.end(); ++at) {
      if (!at->first.starts_with("etc/ld.so.conf")) break;
      if (at->second.kind != RootKind::file) continue;
      const Result<std::string> text = read_file(at->second.file, kMaxRootConfigBytes);
      if (!text) continue;
      for (const std::string_view line : split(*text, '\n')) {
        const std::vector<std::string_view> parts = words(line.substr(0, line.find('#')));
        if (parts.size() == 1 && parts[0].starts_with('/')) configured_.emplace_back(parts[0]);
      }
    }
  }

  /// By its path with all links followed.
  void take(const std::string& real) {
    if (taken_.insert(real).second) waiting_files_.push_back(real);
  }

  bool take_path(std::string_view path) {
    const std::optional<std::string> real = tree_.resolve(path);
    if (!real || tree_.find_file(*real) == nullptr) return false;
    take(*real);
    return true;
  }

  Result<> take_program(const RootProgram& program) {
    take_path(program.path);
    const std::string head = head_of(program.entry->file, 256);
    if (head.starts_with("#!")) return take_script(first_line(head.substr(2)));
    const Result<DynamicInfo> info = read_info(*program.entry);
    if (!info || !info->executable)
      return Error{
          fmt::format("application '{}': not an executable ELF file, and no script", program.path)};
    if (is_made_for(*info, arch_)) return {};
    return Error{fmt::format("application '{}': made for {}, but the kernel is for {}",
                             program.path, machine_words(info->machine), to_string(arch_)),
                 "put '{arch}' in the root's path to have one for each; --arch chooses kernels"};
  }

  static std::string machine_words(std::uint16_t machine) {
    if (machine == EM_X86_64) return "x86_64";
    if (machine == EM_AARCH64) return "aarch64";
    return fmt::format("machine {}", machine);
  }

  /// "#!/usr/bin/env python3" needs both.
  Result<> take_script(std::string_view line) {
    for (const std::string_view word : words(line)) {
      if (word.starts_with('-')) break;
      const Result<RootProgram> found = find_root_program(tree_, std::string(word), root());
      if (!found) return found.error();
      take_path(found->path);
      if (!found->path.ends_with("/env")) break;
    }
    return {};
  }

  std::string root() const { return has_root(app_) ? *app_.own_object->root : std::string(); }

  static Result<DynamicInfo> read_info(const RootEntry& entry) {
    const Result<std::string> bytes = read_file(entry.file, kMaxAppBytes);
    if (!bytes) return bytes.error();
    return read_dynamic(*bytes);
  }

  Result<> follow() {
    while (!waiting_files_.empty() || !waiting_.empty()) {
      if (!waiting_files_.empty()) {
        const std::string file = std::move(waiting_files_.front());
        waiting_files_.pop_front();
        if (Result<> read = read_needs(file); !read) return read;
        continue;
      }
      const Library library = std::move(waiting_.front());
      waiting_.pop_front();
      if (!find(library) && must_be_here_) {
        return Error{fmt::format("application '{}': library '{}' for {}, which '{}' needs, is not "
                                 "in its root '{}'",
                                 app_.path, library.name, to_string(arch_), library.user, root()),
                     "name the package that has it, too"};
      }
    }
    return {};
  }

  Result<> read_needs(const std::string& path) {
    const RootEntry& entry = tree_.entries.find(path)->second;
    if (!is_elf(entry.file)) return {};
    const Result<DynamicInfo> info = read_info(entry);
    if (!info || !is_made_for(*info, arch_)) return {};
    if (!info->interpreter.empty() && !take_path(info->interpreter) && must_be_here_) {
      return Error{fmt::format("application '{}': the interpreter '{}' of '/{}' is not in its root",
                               app_.path, info->interpreter, path)};
    }
    std::vector<std::string> first;
    for (std::string folder : info->search) {
      for (const std::string_view mark : {"${ORIGIN}", "$ORIGIN"}) {
        const std::size_t at = folder.find(mark);
        if (at != std::string::npos) folder.replace(at, mark.size(), "/" + folder_of(path));
      }
      first.push_back(std::move(folder));
    }
    for (const std::string& name : info->needed) {
      if (known_.insert(name).second) waiting_.push_back({name, first, "/" + path});
    }
    return {};
  }

  bool is_library(std::string_view path) const {
    const RootEntry* entry = tree_.find_file(path);
    if (entry == nullptr || !is_elf(entry->file)) return false;
    const Result<DynamicInfo> info = read_info(*entry);
    return info && is_made_for(*info, arch_);
  }

  bool find_in(const std::vector<std::string>& folders, const std::string& name,
               std::string& folder) {
    for (const std::string& one : folders) {
      const std::string path = one + "/" + name;
      if (!is_library(path)) continue;
      take_path(path);
      folder = one;
      return true;
    }
    return false;
  }

  bool find(const Library& library) {
    std::string folder;
    if (find_in(library.first, library.name, folder)) return true;
    if (find_in(usual_, library.name, folder)) return true;
    if (!find_in(configured_, library.name, folder)) return false;
    if (std::find(used_folders_.begin(), used_folders_.end(), folder) == used_folders_.end())
      used_folders_.push_back(folder);
    return true;
  }

  /// Links to what is left out are left out.
  bool leads_to_taken(const std::string& path) const {
    const std::optional<std::string> real = tree_.resolve(path);
    if (real) return tree_.is_folder(*real) || taken_.contains(*real);
    return leads_to_guest(tree_.entries.find(path)->second.target);
  }

  /// The guest has these of its own: /var/run leads to /run.
  static bool leads_to_guest(std::string_view target) {
    for (const std::string_view own : {"/run", "/proc", "/sys", "/dev", "/tmp"}) {
      if (target == own || target.starts_with(fmt::format("{}/", own))) return true;
    }
    return false;
  }

  bool is_chosen(const std::string& path, const RootEntry& entry) const {
    switch (entry.kind) {
      case RootKind::file:
        return taken_.contains(path);
      case RootKind::link:
        return leads_to_taken(path);
      case RootKind::folder:
        return true;
    }
    return false;
  }

  /// What the user gives stands for what the root has there.
  std::set<std::string> given_paths() const {
    std::set<std::string> given;
    if (!app_.own_object) return given;
    for (const GuestFile& file : app_.own_object->files) given.insert(file.guest_path);
    return given;
  }

  Result<AppRoot> list(const RootProgram& program) const {
    AppRoot root{.program = program.path,
                 .library_path = fmt::format("{}", fmt::join(used_folders_, ":"))};
    const std::set<std::string> given = given_paths();
    Sha256 all;
    for (const auto& [path, entry] : tree_.entries) {
      AppNeeds file{.guest_path = "/" + path,
                    .executable = entry.executable,
                    .link = entry.target,
                    .folder = entry.kind == RootKind::folder};
      if (!is_chosen(path, entry) || given.contains(file.guest_path)) continue;
      if (entry.kind == RootKind::file) {
        file.file = entry.file;
        Result<std::string> hash = sha256_file(entry.file);
        if (!hash) return hash.error();
        file.sha256 = *std::move(hash);
        root.bytes += fs::file_size(entry.file);
      }
      for (const std::string_view part :
           {std::string_view(file.guest_path), to_string(entry.kind), std::string_view(file.link),
            std::string_view(file.executable ? "x" : ""), std::string_view(file.sha256)}) {
        all.update(part);
        all.update(std::string_view("\0", 1));
      }
      root.files.push_back(std::move(file));
    }
    root.sha256 = all.finish();
    if (root.bytes <= kMaxBytesInGuest) return root;
    return too_large(root);
  }

  Error too_large(AppRoot& root) const {
    std::vector<std::pair<std::uintmax_t, std::string>> sizes;
    for (const AppNeeds& file : root.files) {
      std::error_code none;
      if (!file.file.empty()) sizes.emplace_back(fs::file_size(file.file, none), file.guest_path);
    }
    std::sort(sizes.rbegin(), sizes.rend());
    std::string hint = "the largest:";
    for (std::size_t i = 0; i < std::min(sizes.size(), kMaxNamedFiles); ++i)
      hint += fmt::format(" {} ({} MiB)", sizes[i].second, sizes[i].first >> 20);
    return Error{
        fmt::format("application '{}': it would be given {} MiB of its root, and a guest's "
                    "memory holds {}",
                    app_.path, root.bytes >> 20, kMaxBytesInGuest >> 20),
        std::move(hint)};
  }

  const RootTree& tree_;
  const LoaderApp& app_;
  Arch arch_;
  std::vector<std::string> usual_;
  std::vector<std::string> configured_{};
  std::vector<std::string> used_folders_{};
  std::set<std::string, std::less<>> taken_{};
  std::deque<std::string> waiting_files_{};
  std::set<std::string> known_{};
  std::deque<Library> waiting_{};
  bool must_be_here_ = true;
};

}  // namespace

Result<DebRootRequest> parse_deb_root(std::string_view text, Arch arch) {
  const Error wrong{fmt::format("root '{}': wanted deb:[SUITE/]PACKAGE[,PACKAGE...]", text)};
  if (!text.starts_with(kDebRoot)) return wrong;
  std::string_view rest = text.substr(kDebRoot.size());
  DebRootRequest request{.suite = std::string(kUsualRootSuite), .arch = arch};
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    request.suite = rest.substr(0, slash);
    rest.remove_prefix(slash + 1);
  }
  std::set<std::string> names;
  for (const std::string_view name : split(rest, ',')) {
    if (!is_valid_id(name)) return wrong;
    names.emplace(name);
  }
  if (names.empty() || !is_valid_id(request.suite)) return wrong;
  request.packages.assign(names.begin(), names.end());
  return request;
}

Result<RootTree> open_app_root(const std::string& root, Arch arch, const FetchOptions& fetch) {
  if (root.starts_with(kDebRoot)) {
    const Result<DebRootRequest> request = parse_deb_root(root, arch);
    return request ? fetch_deb_root(*request, fetch) : Result<RootTree>(request.error());
  }
  const fs::path folder = path_on(root, arch);
  if (is_oci_layout(folder)) return open_oci_root(folder, arch, fetch);
  Result<RootTree> tree = read_root_folder(folder);
  return tree ? std::move(tree) : wrap("--app-root", tree.error());
}

bool is_root_here(const std::string& root, Arch arch, const Store& store) {
  if (!root.starts_with(kDebRoot)) return true;
  const Result<DebRootRequest> request = parse_deb_root(root, arch);
  return request && store.resolve(deb_root_link(*request, store)).has_value();
}

Result<RootProgram> find_root_program(const RootTree& tree, const std::string& program,
                                      const std::string& root) {
  if (program.starts_with('/')) {
    if (const RootEntry* entry = tree.find_file(program)) return RootProgram{program, entry};
  } else if (program.find('/') == std::string::npos) {
    for (const std::string_view folder : kProgramFolders) {
      std::string path = fmt::format("{}/{}", folder, program);
      if (const RootEntry* entry = tree.find_file(path)) return RootProgram{std::move(path), entry};
    }
  } else {
    return Error{
        fmt::format("application '{}': in a root it is an absolute path, or a name", program)};
  }
  std::vector<std::string> known;
  for (const auto& [path, entry] : tree.entries) {
    const std::string folder = "/" + folder_of(path);
    const bool is_program = entry.wanted && entry.kind != RootKind::folder &&
                            std::find(std::begin(kProgramFolders), std::end(kProgramFolders),
                                      folder) != std::end(kProgramFolders);
    if (is_program) known.push_back(name_in(path));
  }
  return Error{fmt::format("application '{}': not in its root '{}'{}", program, root,
                           program.starts_with('/') ? "" : ", in none of " + search_path()),
               hint_for_unknown(name_in(program), known)};
}

Result<AppRoot> choose_of_root(const RootTree& tree, const LoaderApp& app, Arch arch) {
  return RootChoice(tree, app, arch).run();
}

Result<AppFile> find_rooted_app(const LoaderApp& app, Arch arch, const FetchOptions& fetch) {
  const Result<RootTree> tree = open_app_root(*app.own_object->root, arch, fetch);
  if (!tree) return tree.error();
  Result<AppRoot> chosen = choose_of_root(*tree, app, arch);
  if (!chosen) return std::move(chosen).error();
  const std::filesystem::path file = tree->find_file(chosen->program)->file;
  Result<std::vector<AppNeeds>> needs = named_files(app);
  if (!needs) return std::move(needs).error();
  Result<std::string> hash = sha256_file(file, kMaxAppBytes);
  if (!hash) return std::move(hash).error();
  AppFile found{app, file, *std::move(hash), *std::move(needs), *std::move(chosen)};
  found.app.environment.try_emplace("PATH", search_path());
  if (!found.root->library_path.empty())
    found.app.environment.try_emplace("LD_LIBRARY_PATH", found.root->library_path);
  return found;
}

}  // namespace bpfmatrix
