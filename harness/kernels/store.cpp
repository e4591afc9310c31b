#include "kernels/store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/unfinished.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kManifest = "SHA256SUMS";
constexpr std::uint64_t kMaxManifestBytes = 64 << 20;
constexpr auto kAbandonedFolder = std::chrono::hours(24);
constexpr auto kUnusedBlob = std::chrono::hours(24 * 30);

/// Every plain file below `folder`, relative, sorted; what is no plain file is reported apart.
struct Listing {
  std::vector<fs::path> files{};
  std::vector<fs::path> others{};
};

Result<Listing> list_files(const fs::path& folder) {
  Listing listing;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const fs::file_status status = at->symlink_status(error);
    if (error) break;
    if (fs::is_directory(status)) continue;
    auto& list = fs::is_regular_file(status) ? listing.files : listing.others;
    list.push_back(at->path().lexically_relative(folder));
  }
  if (error) return file_error(folder, error);
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

Result<std::string> make_manifest(const fs::path& folder) {
  Result<Listing> listing = list_files(folder);
  if (!listing) return std::move(listing).error();
  std::string text;
  for (const fs::path& file : listing->files) {
    Result<std::string> sha256 = sha256_file(folder / file);
    if (!sha256) return std::move(sha256).error();
    text += fmt::format("{}  {}\n", *sha256, file.generic_string());
  }
  return text;
}

Result<std::map<std::string, std::string>> parse_manifest(std::string_view text,
                                                          const fs::path& path) {
  std::map<std::string, std::string> hashes;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    const bool shaped = line.size() > 66 && line.substr(64, 2) == "  " &&
                        is_sha256(line.substr(0, 64)) && is_safe_relative_path(line.substr(66));
    if (!shaped) return Error{fmt::format("'{}': malformed line '{}'", path.string(), line)};
    hashes.emplace(line.substr(66), line.substr(0, 64));
  }
  return hashes;
}

/// A process that was killed leaves its unfinished folder; a day later it is abandoned.
/// An index that was not read for a month has been replaced by a newer one.
void remove_older(const fs::path& folder, std::chrono::hours age) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const auto changed = entry.last_write_time(ignored);
    if (!ignored && changed + age < fs::file_time_type::clock::now()) {
      fs::remove_all(entry.path(), ignored);
    }
  }
}

/// After a power cut the link must not lead to files whose bytes never reached the disk.
Result<> sync_file_system(const fs::path& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::syncfs(fd.get()) != 0) return file_error(folder, errno);
  return {};
}

std::string unfinished(std::string_view what) { return fmt::format("{}{}", what, kUnfinishedMark); }

Result<> point_link(const fs::path& link, const fs::path& tree, const fs::path& tmp) {
  std::error_code error;
  fs::create_directories(link.parent_path(), error);
  if (error) return file_error(link.parent_path(), error);
  Result<TempDir> dir = TempDir::create(tmp, unfinished("link"));
  if (!dir) return std::move(dir).error();
  const fs::path fresh = dir->path() / "link";
  fs::create_symlink(tree.lexically_relative(link.parent_path()), fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (error) return file_error(link, error);
  return {};
}

void compare_file(const fs::path& file, const std::string& want,
                  std::vector<VerifyFinding>& findings) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(file, ignored))) {
    findings.push_back({file, "missing"});
    return;
  }
  const Result<std::string> got = sha256_file(file);
  if (!got) {
    findings.push_back({file, "cannot be read: " + got.error().message});
  } else if (*got != want) {
    findings.push_back({file, fmt::format("sha256 mismatch: want {}, got {}", want, *got)});
  }
}

}  // namespace

Result<fs::path> Store::default_root() {
  if (const char* cache = ::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return fs::path(cache) / "bpfmatrix";
  }
  if (const char* home = ::getenv("HOME"); home != nullptr && *home == '/') {
    return fs::path(home) / ".cache" / "bpfmatrix";
  }
  return Error{"neither XDG_CACHE_HOME nor HOME is set", "name a folder with --store DIR"};
}

Result<Store> Store::open(const fs::path& root) {
  Result<fs::path> chosen = root.empty() ? default_root() : Result<fs::path>(fs::absolute(root));
  if (!chosen) return std::move(chosen).error();
  struct stat info {};
  if (::stat(chosen->c_str(), &info) == 0 && info.st_uid != ::geteuid()) {
    return Error{fmt::format("store '{}': belongs to another user (uid {}, we are {})",
                             chosen->string(), info.st_uid, ::geteuid()),
                 "choose a folder of your own, with --store or by XDG_CACHE_HOME"};
  }
  return Store(*std::move(chosen));
}

fs::path Store::blob(std::string_view sha256) const { return root_ / "blobs" / sha256; }
fs::path Store::kernel_link(std::string_view id) const { return root_ / "kernels" / id; }
fs::path Store::package_link(std::string_view suite, std::string_view arch,
                             std::string_view name) const {
  return root_ / "packages" / suite / arch / name;
}

Result<> Store::prepare() const {
  for (const char* folder : {"blobs", "trees", "kernels", "packages", "releases", "locks", "tmp"}) {
    std::error_code error;
    fs::create_directories(root_ / folder, error);
    if (error) return wrap("store", file_error(root_ / folder, error));
  }
  remove_abandoned();
  remove_older(root_ / "tmp", kAbandonedFolder);
  remove_older(root_ / "blobs", kUnusedBlob);
  return {};
}

void Store::remove_abandoned() const {
  for (const char* folder :
       {"", "tmp", "accel", "facts", "releases", "compiled/objects", "compiled/stripped"}) {
    remove_unfinished(root_ / folder);
  }
  std::error_code none;
  for (fs::directory_iterator at(root_ / "compiled/headers", none), end; !none && at != end;
       at.increment(none)) {
    remove_unfinished(at->path());
  }
}

Result<StoreLock> Store::lock(std::string_view key, std::chrono::milliseconds timeout,
                              const std::function<void()>& on_wait) const {
  const fs::path path = root_ / "locks" / key;
  StoreLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!lock.valid()) return file_error(path, errno);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  bool waited = false;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return file_error(path, errno);
    if (std::chrono::steady_clock::now() >= deadline) {
      return Error{fmt::format("'{}': another process has held it for {} ms", path.string(),
                               timeout.count())};
    }
    if (!waited && on_wait) on_wait();
    waited = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return lock;
}

StoreLock Store::lock_use(int operation) const {
  std::error_code seen_by_open;
  fs::create_directory(root_ / "locks", seen_by_open);
  StoreLock lock(::open((root_ / "locks" / "in-use").c_str(),
                        O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (lock.valid() && ::flock(lock.get(), operation) != 0) lock.reset();
  return lock;
}

/// Waits for a collector at most, which is quick.
StoreLock Store::use() const { return lock_use(LOCK_SH); }
StoreLock Store::use_alone() const { return lock_use(LOCK_EX | LOCK_NB); }

Result<TempDir> Store::temporary() const {
  return TempDir::create(root_ / "tmp", unfinished("tree"));
}

Result<fs::path> Store::install(TempDir folder, const fs::path& link) const {
  const StoreLock in_use = use();  // for a moment no link leads to the new tree
  Result<std::string> manifest = make_manifest(folder.path());
  if (!manifest) return std::move(manifest).error();
  if (Result<> written = write_file(folder.path() / kManifest, *manifest); !written) {
    return std::move(written).error();
  }
  if (Result<> synced = sync_file_system(folder.path()); !synced) return std::move(synced).error();
  const fs::path tree = root_ / "trees" / sha256_hex(*manifest);
  std::error_code error;
  fs::permissions(folder.path(), fs::perms(0755), error);  // mkdtemp's 0700 is for the making
  // A tree of that name may be there and damaged (that is why one fetches again): the new one wins.
  Result<TempDir> old = TempDir::create(root_ / "tmp", unfinished("old"));
  if (!old) return std::move(old).error();
  if (fs::exists(tree, error)) fs::rename(tree, old->path() / "tree", error);
  fs::rename(folder.path(), tree, error);
  if (error) return file_error(tree, error);
  (void)folder.release();
  if (Result<> pointed = point_link(link, tree, root_ / "tmp"); !pointed) {
    return std::move(pointed).error();
  }
  return tree;
}

std::optional<fs::path> Store::resolve(const fs::path& link) const {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  if (error || !is_sha256(target.filename().string())) return std::nullopt;
  const fs::path tree = root_ / "trees" / target.filename();
  if (!fs::is_directory(tree, error)) return std::nullopt;
  return tree;
}

Result<std::vector<VerifyFinding>> Store::verify(const fs::path& tree) const {
  const fs::path manifest_path = tree / kManifest;
  Result<std::string> text = read_file(manifest_path, kMaxManifestBytes);
  if (!text) return std::vector<VerifyFinding>{{manifest_path, text.error().message}};
  std::vector<VerifyFinding> findings;
  if (const std::string got = sha256_hex(*text); got != tree.filename().string()) {
    findings.push_back({manifest_path, fmt::format("sha256 mismatch: want {}, got {}",
                                                   tree.filename().string(), got)});
  }
  auto hashes = parse_manifest(*text, manifest_path);
  if (!hashes) {
    findings.push_back({manifest_path, hashes.error().message});
    return findings;
  }
  for (const auto& [file, want] : *hashes) compare_file(tree / file, want, findings);
  Result<Listing> listing = list_files(tree);
  if (!listing) return std::move(listing).error();
  for (const fs::path& file : listing->files) {
    if (file != kManifest && !hashes->contains(file.generic_string())) {
      findings.push_back({tree / file, "not in SHA256SUMS"});
    }
  }
  for (const fs::path& file : listing->others) findings.push_back({tree / file, "not a file"});
  return findings;
}

Result<> Store::remove(const fs::path& link) const {
  const auto tree = resolve(link);
  std::error_code error;
  fs::remove(link, error);
  if (!error && tree) fs::remove_all(*tree, error);
  if (error) return file_error(link, error);
  return {};
}

}  // namespace bpfmatrix
