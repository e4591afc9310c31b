// A directory of our own, removed with everything in it when its owner goes.
#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix {

class TempDir {
 public:
  /// Makes `parent`/`prefix`XXXXXX, mode 0700. One that shall not outlive us by much where we are
  /// killed has kUnfinishedMark as the end of its prefix (base/unfinished.h). Error: the parent is
  /// missing, full or read-only.
  static Result<TempDir> create(const std::filesystem::path& parent, const std::string& prefix);
  /// The same below the system's directory for temporary files.
  static Result<TempDir> create(const std::string& prefix = "bpfmatrix-");

  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }
  /// Gives the directory away: it stays, under the name returned.
  std::filesystem::path release();

 private:
  explicit TempDir(std::filesystem::path path);
  void remove();

  std::filesystem::path path_{};
  /// Says that it has an owner.
  Fd lock_{};
};

}  // namespace bpfmatrix
