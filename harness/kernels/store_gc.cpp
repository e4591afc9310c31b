#include "kernels/store_gc.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <set>

#include "base/sha256.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// Whoever has just fetched a file is about to unpack it.
constexpr std::chrono::hours kFresh{1};
constexpr auto kAtOnce = std::chrono::milliseconds(0);

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// The names of all trees that a kernel or a package leads to.
std::set<std::string> trees_referred_to(const fs::path& root) {
  std::set<std::string> names;
  for (const char* folder : {"kernels", "packages"}) {
    std::error_code error;
    fs::recursive_directory_iterator at(root / folder, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      std::error_code no_link;
      const fs::path target = fs::read_symlink(at->path(), no_link);
      if (!no_link) names.insert(target.filename().string());
    }
  }
  return names;
}

bool unused_for(const fs::path& path, std::chrono::hours age) {
  std::error_code error;
  const auto changed = fs::last_write_time(path, error);
  return !error && changed + std::max(age, kFresh) < fs::file_time_type::clock::now();
}

class Collector {
 public:
  Collector(const Store& store, std::chrono::hours max_age, Collect what)
      : store_(store), max_age_(max_age), what_(what) {}

  Collected collect() {
    trees();
    for (const fs::path& blob : entries_of(store_.root() / "blobs")) {
      const std::string name = blob.filename().string();
      if (unused_for(blob, max_age_)) take("blob", blob, "blob-" + name.substr(0, 2));
    }
    for (const fs::path& build : entries_of(store_.root() / "builds")) {
      if (unused_for(build, max_age_)) take("build", build, "kernel-" + build.filename().string());
    }
    return std::move(found_);
  }

 private:
  void trees() {
    const std::vector<fs::path> all = entries_of(store_.root() / "trees");
    if (all.empty()) return;
    const StoreLock alone = store_.use_alone();
    found_.trees_in_use = !alone.valid();
    if (!alone.valid()) return;
    const std::set<std::string> wanted = trees_referred_to(store_.root());
    for (const fs::path& tree : all) {
      const std::string name = tree.filename().string();
      if (is_sha256(name) && !wanted.contains(name)) add("tree", tree);
    }
  }

  /// Whoever fetches or builds it holds the lock of that name.
  void take(const char* kind, const fs::path& path, const std::string& lock_name) {
    const Result<StoreLock> lock = store_.lock(lock_name, kAtOnce, {});
    if (lock) add(kind, path);
  }

  void add(const char* kind, const fs::path& path) {
    Garbage garbage{kind, path, bytes_on_disk(path)};
    std::error_code failed;
    if (what_ == Collect::remove) fs::remove_all(path, failed);
    if (!failed) found_.garbage.push_back(std::move(garbage));
  }

  const Store& store_;
  std::chrono::hours max_age_;
  Collect what_;
  Collected found_{};
};

}  // namespace

Collected collect_garbage(const Store& store, std::chrono::hours max_age, Collect what) {
  return Collector(store, max_age, what).collect();
}

std::uint64_t bytes_on_disk(const fs::path& path) {
  const auto bytes_of = [](const fs::path& file) {
    struct stat info {};
    return ::lstat(file.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * 512 : 0;
  };
  std::uint64_t bytes = bytes_of(path);
  std::error_code error;
  fs::recursive_directory_iterator at(path, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    bytes += bytes_of(at->path());
  }
  return bytes;
}

}  // namespace bpfmatrix
