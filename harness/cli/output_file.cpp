#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

fs::path behind_links(const fs::path& path) {
  constexpr int kMaxLinks = 40;  // as path_resolution(7)
  fs::path behind = path;
  for (int i = 0; i < kMaxLinks; ++i) {
    std::error_code none;
    const fs::path to = fs::read_symlink(behind, none);
    if (none) break;
    behind = behind.parent_path() / to;  // an absolute one stands for itself
  }
  return behind;
}

Result<> write_output(const fs::path& path, std::string_view bytes) {
  const fs::path file = behind_links(path);
  std::error_code none;
  const fs::file_status status = fs::symlink_status(file, none);
  if (fs::is_symlink(status)) return file_error(path, ELOOP);
  if (!fs::exists(status)) return write_file(file, bytes);
  if (::access(file.c_str(), W_OK) != 0) return file_error(path, errno);
  if (Result<> written = write_file(file, bytes); !written) return written;
  fs::permissions(file, status.permissions(), none);
  return none ? Result<>(file_error(path, none)) : Result<>();
}

Fd lock_for_rewriting(const fs::path& path) {
  while (true) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat locked {};
    if (!fd.valid() || ::fstat(fd.get(), &locked) != 0 || !S_ISREG(locked.st_mode)) return Fd();
    if (::flock(fd.get(), LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      return Fd();
    }
    // Who had the lock before may have put another file in its place.
    struct stat now {};
    const bool is_there = ::stat(path.c_str(), &now) == 0;
    if (is_there && locked.st_ino == now.st_ino && locked.st_dev == now.st_dev) return fd;
  }
}

}  // namespace bpfmatrix
