// A folder held by its descriptor: what is written in it stays in it, whatever its path leads to by
// then. For folders that somebody else may have made, or may still write to.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace bpfmatrix {

class Folder {
 public:
  /// Follows symbolic links: the user has named it.
  static Result<Folder> open(const std::filesystem::path& path);

  /// The folder `name` in this one, made if it is not there. Error: it is a symbolic link or no
  /// folder, or cannot be made.
  Result<Folder> inner(std::string_view name) const;

  /// A way to `name` in it that leads through the descriptor; good while this lives, in this
  /// process. file_error() says the path that it stands for (plain_path).
  std::filesystem::path at(std::string_view name) const;
  /// The same, to the folder itself.
  std::filesystem::path here() const;

 private:
  explicit Folder(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_{};
};

}  // namespace bpfmatrix
