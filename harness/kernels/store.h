// The store: files that were fetched and verified, under names made of their contents, shared by
// any number of processes.
//
//   blobs/<sha256>          one downloaded file; <sha256>.part while it comes; gone a month after
//                           its last use
//   trees/<sha256>/         an unpacked kernel or package; the name is the hash of its SHA256SUMS,
//                           which lists every other file in it (sha256sum -c reads it)
//   kernels/<id>            a link to the tree of that kernel
//   packages/<suite>/<arch>/<name>   a link to the tree of that package
//   releases/               the newest Release file that was seen of each suite (seen_release.h)
//   locks/, tmp/            flock(2) files; folders in the making
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "base/temp_dir.h"

namespace bpfmatrix {

/// One file that is not what it was: missing, changed, or not ours.
struct VerifyFinding {
  std::filesystem::path path{};
  std::string problem{};
};

/// Held until it goes; the kernel lets go of it when the process dies.
using StoreLock = Fd;

class Store {
 public:
  /// Touches nothing: folders are made when the first thing is put there.
  explicit Store(std::filesystem::path root) : root_(std::move(root)) {}
  /// The one in `root`; empty: in $XDG_CACHE_HOME/bpfmatrix, else ~/.cache/bpfmatrix. Error:
  /// neither variable is set, or the folder is there and another user's, who could have put
  /// anything in it.
  static Result<Store> open(const std::filesystem::path& root);
  static Result<std::filesystem::path> default_root();

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path blob(std::string_view sha256) const;
  std::filesystem::path kernel_link(std::string_view id) const;
  std::filesystem::path package_link(std::string_view suite, std::string_view arch,
                                     std::string_view name) const;

  /// Makes the folders. Error: read-only, full, no permission.
  Result<> prepare() const;
  /// Removes what processes that were killed left half made.
  void remove_abandoned() const;
  /// Blocks until nobody else holds `key`, at most `timeout`; `on_wait` is called once if it is not
  /// free at once. Error: the time is over.
  Result<StoreLock> lock(std::string_view key, std::chrono::milliseconds timeout,
                         const std::function<void()>& on_wait) const;
  /// Held by who works with trees for longer than a moment: none of them is collected meanwhile
  /// (store_gc.h), though its link may come to lead elsewhere. Not valid where there can be no
  /// lock.
  StoreLock use() const;
  /// Not valid: others have it in use.
  StoreLock use_alone() const;
  /// A folder to fill, in the same file system as where it will go.
  Result<TempDir> temporary() const;

  /// Lists the hashes of all files of `folder` in SHA256SUMS, moves it to trees/ and lets `link`
  /// point there, each step all or nothing. Gives the tree's path.
  Result<std::filesystem::path> install(TempDir folder, const std::filesystem::path& link) const;
  /// Where `link` points to; nothing if it does not exist or its tree is gone.
  std::optional<std::filesystem::path> resolve(const std::filesystem::path& link) const;
  /// Reads every byte of the tree. Error: it cannot be read at all.
  Result<std::vector<VerifyFinding>> verify(const std::filesystem::path& tree) const;
  /// Takes away the link first, then its tree.
  Result<> remove(const std::filesystem::path& link) const;

 private:
  StoreLock lock_use(int operation) const;

  std::filesystem::path root_;
};

}  // namespace bpfmatrix
