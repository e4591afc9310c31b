#include "base/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

const fs::path kDescriptors = "/proc/self/fd";

}  // namespace

Result<Folder> Folder::open(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return file_error(path, errno);
  return Folder(std::move(fd));
}

Result<Folder> Folder::inner(std::string_view name) const {
  const fs::path path = at(name);
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return file_error(path, errno);
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) {
    return file_error(path, Error{"a symbolic link"});
  }
  Fd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return file_error(path, errno);
  return Folder(std::move(fd));
}

fs::path Folder::here() const { return kDescriptors / fmt::format("{}", fd_.get()); }

fs::path Folder::at(std::string_view name) const { return here() / name; }

}  // namespace bpfmatrix
