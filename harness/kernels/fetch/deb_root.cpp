#include "kernels/fetch/deb_root.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/printable.h"
#include "base/text.h"
#include "kernels/archive/deb_archive.h"
#include "kernels/fetch/deb_closure.h"
#include "kernels/fetch/deb_suite.h"
#include "kernels/kernel_record.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Of a folder's name in the store.
constexpr std::size_t kMaxRootNames = 200;

/// Folders that became links into /usr, and that packages may still name.
constexpr std::string_view kMerged[] = {"bin", "lib", "lib32", "lib64", "libx32", "sbin"};

/// What every system has of base-files, which nothing depends on.
constexpr const char* kBaseFolders[] = {"etc", "home",    "mnt",     "opt",    "root",
                                        "srv", "var/lib", "var/log", "var/tmp"};

std::string merged_path(std::string_view path) {
  for (const std::string_view top : kMerged) {
    if (path.starts_with(top) && path.substr(top.size()).starts_with('/'))
      return fmt::format("usr/{}", path);
  }
  return std::string(path);
}

bool is_merged_folder(std::string_view path) {
  return std::find(std::begin(kMerged), std::end(kMerged), path) != std::end(kMerged);
}

/// Makes one root of packages, each unpacked into a folder of its own.
class RootBuilder {
 public:
  explicit RootBuilder(const fs::path& tree) : tree_(tree) {}

  Result<> add(const fs::path& deb, const DebPackage& package, bool wanted) {
    folder_ = tree_ / fmt::format("{}", packages_++);
    wanted_ = wanted;
    const NoteEntry note = [this](const EntryNote& entry) { return take(entry); };
    const UnpackRules rules{
        .note = &note, .max_bytes = kMaxRootBytes - bytes_, .max_entries = kMaxRootEntries};
    Result<> done = unpack_deb(deb, folder_, place, rules);
    if (!done) return wrap(package.name, done.error());
    return count();
  }

  RootTree finish() {
    for (const std::string_view top : kMerged) {
      const std::string inside = fmt::format("usr/{}", top);
      if (root_.is_folder(inside) && !root_.entries.contains(top))
        root_.entries[std::string(top)] = {
            .kind = RootKind::link, .target = inside, .wanted = true};
    }
    for (const char* folder : kBaseFolders)
      root_.entries.try_emplace(folder, RootEntry{.kind = RootKind::folder, .wanted = true});
    root_.entries.try_emplace("var/run",
                              RootEntry{.kind = RootKind::link, .target = "/run", .wanted = true});
    return std::move(root_);
  }

 private:
  static Result<std::optional<std::string>> place(std::string_view path) {
    if (is_left_out_of_root(path)) return std::optional<std::string>();
    return std::optional<std::string>(path);
  }

  Result<> take(const EntryNote& note) {
    if (!is_utf8(note.path) || !is_utf8(note.target))
      return Error{fmt::format("'{}': not UTF-8", valid_text(note.path))};
    if (is_merged_folder(note.path)) return {};
    const std::string path = merged_path(note.path);
    RootEntry entry{.executable = note.executable, .wanted = wanted_};
    switch (note.kind) {
      case EntryNote::Kind::folder:
        entry.kind = RootKind::folder;
        root_.entries.try_emplace(path, std::move(entry));
        return {};
      case EntryNote::Kind::symlink:
        entry.kind = RootKind::link;
        entry.target = note.target;
        break;
      case EntryNote::Kind::hardlink: {
        const auto same = root_.entries.find(merged_path(note.target));
        if (same == root_.entries.end() || same->second.kind != RootKind::file)
          return Error{fmt::format("'{}': a hard link to what is not there", note.path)};
        entry.file = same->second.file;
        break;
      }
      case EntryNote::Kind::file:
        entry.file = folder_ / note.path;
        fresh_.push_back(entry.file);
        break;
    }
    root_.entries[path] = std::move(entry);
    return {};
  }

  Result<> count() {
    for (const fs::path& file : fresh_) {
      std::error_code error;
      bytes_ += fs::file_size(file, error);
      if (error) return file_error_of(file, error);
    }
    fresh_.clear();
    if (bytes_ <= kMaxRootBytes && root_.entries.size() <= kMaxRootEntries) return {};
    return Error{fmt::format("the root is larger than {} MiB or {} files", kMaxRootBytes >> 20,
                             kMaxRootEntries)};
  }

  static Error file_error_of(const fs::path& file, const std::error_code& error) {
    return Error{fmt::format("'{}': {}", file.string(), error.message())};
  }

  const fs::path& tree_;
  fs::path folder_{};
  bool wanted_ = false;
  int packages_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<fs::path> fresh_{};
  RootTree root_{};
};

std::string names_of(const DebRootRequest& request) {
  return fmt::format("{}", fmt::join(request.packages, ","));
}

Result<> check_names(const DebRootRequest& request) {
  if (request.packages.empty()) return Error{"no package is named"};
  if (!is_valid_id(request.suite))
    return Error{fmt::format("'{}' is not a valid name", request.suite)};
  for (const std::string& name : request.packages) {
    if (!is_valid_id(name)) return Error{fmt::format("'{}' is not a valid name", name)};
  }
  if (names_of(request).size() <= kMaxRootNames) return {};
  return Error{fmt::format("the names are longer than {} characters", kMaxRootNames)};
}

Result<DebSuite> open_root_suite(const DebRootRequest& request, const FetchOptions& options) {
  const auto trusted = options.suites.find(request.suite);
  if (trusted == options.suites.end()) {
    std::vector<std::string_view> known;
    for (const auto& [name, keys] : options.suites) known.push_back(name);
    return Error{fmt::format("suite '{}': no key is known that may sign it", request.suite),
                 fmt::format("kernels/catalog.json names keys of: {}", fmt::join(known, ", "))};
  }
  SuiteRequest whole{request.suite, request.arch, trusted->second.keyring, trusted->second.keys};
  whole.damaged = DamagedEntry::left_out;
  return open_suite(
      whole, [](std::string_view) { return true; }, options);
}

Result<> check_size(const std::vector<DebPackage>& packages) {
  std::uint64_t bytes = 0;
  for (const DebPackage& package : packages) {
    bytes += package.bytes;
    if (package.bytes <= kMaxRootBytes && bytes <= kMaxRootBytes) continue;
    return Error{fmt::format("its {} packages are larger than {} MiB, even packed", packages.size(),
                             kMaxRootBytes >> 20)};
  }
  return {};
}

/// Of the packages that are named: what was built together belongs together, plugins say.
std::set<std::string> sources_of(const std::vector<DebPackage>& packages,
                                 const std::vector<std::string>& names) {
  std::set<std::string> sources;
  for (const DebPackage& package : packages) {
    if (std::find(names.begin(), names.end(), package.name) != names.end())
      sources.insert(package.source);
  }
  return sources;
}

Result<fs::path> make_root(const DebRootRequest& request, const fs::path& link,
                           const FetchOptions& options) {
  const Result<DebSuite> suite = open_root_suite(request, options);
  if (!suite) return suite.error();
  const Result<std::vector<DebPackage>> packages =
      follow_depends(suite->packages, request.packages);
  if (!packages) return packages.error();
  if (Result<> fits = check_size(*packages); !fits) return std::move(fits).error();
  Result<TempDir> tree = options.store.temporary();
  if (!tree) return std::move(tree).error();
  const DebPackage& first = packages->front();
  Origin origin{"deb",        names_of(request), first.version,
                first.sha256, suite->signed_by,  suite->chain};
  const std::set<std::string> sources = sources_of(*packages, request.packages);
  RootBuilder builder(tree->path());
  for (const DebPackage& package : *packages) {
    const Result<fs::path> deb = fetch_package(package, options);
    if (!deb) return deb.error();
    if (Result<> added = builder.add(*deb, package, sources.contains(package.source)); !added)
      return std::move(added).error();
    origin.chain.push_back(package_link(package));
  }
  Result<> written = write_root(builder.finish(), tree->path());
  if (written) written = write_package_record(origin, tree->path());
  if (!written) return std::move(written).error();
  Result<fs::path> installed = options.store.install(*std::move(tree), link);
  for (const DebPackage& package : *packages) drop_package(package, options);
  return installed;
}

Result<fs::path> root_folder(const DebRootRequest& request, const FetchOptions& options) {
  if (Result<> good = check_names(request); !good) return std::move(good).error();
  const fs::path link = deb_root_link(request, options.store);
  if (const auto tree = options.store.resolve(link)) return *tree;
  if (Result<> ready = options.store.prepare(); !ready) return std::move(ready).error();
  const std::string_view arch = debian_name(request.arch);
  Result<StoreLock> lock = options.store.lock(
      fmt::format("root-{}-{}-{}", request.suite, arch, names_of(request)), options.lock_timeout,
      [&] { options.say("waiting: another process is fetching it"); });
  if (!lock) return std::move(lock).error();
  if (const auto tree = options.store.resolve(link)) return *tree;
  options.say(fmt::format("fetching {} {} and what it depends on, for {}", request.suite,
                          names_of(request), arch));
  return make_root(request, link, options);
}

}  // namespace

fs::path deb_root_link(const DebRootRequest& request, const Store& store) {
  return store.package_link(request.suite, debian_name(request.arch), "root," + names_of(request));
}

Result<RootTree> fetch_deb_root(const DebRootRequest& request, const FetchOptions& options) {
  const Result<fs::path> folder = root_folder(request, options);
  if (folder) return read_root(*folder);
  return wrap(fmt::format("root 'deb:{}/{}' for {}", request.suite, names_of(request),
                          debian_name(request.arch)),
              folder.error());
}

}  // namespace bpfmatrix
