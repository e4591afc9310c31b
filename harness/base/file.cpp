#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/unfinished.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

Result<> write_all(int fd, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Error not_regular(const fs::path& path) { return file_error(path, Error{"not a regular file"}); }

Error too_large(const fs::path& path, std::uint64_t max_bytes) {
  return file_error(path, Error{fmt::format("larger than the limit of {} bytes", max_bytes)});
}

}  // namespace

Error file_error(const fs::path& path, int error) {
  return file_error(path, Error{::strerror(error)});
}

Error file_error(const fs::path& path, const std::error_code& error) {
  return file_error(path, Error{error.message()});
}

Error file_error(const fs::path& path, Error error) {
  return wrap(fmt::format("'{}'", plain_path(path).string()), std::move(error));
}

fs::path plain_path(const fs::path& path) {
  const fs::path descriptors = "/proc/self/fd";
  const fs::path below = path.lexically_relative(descriptors);
  if (!path.is_absolute() || below.empty() || *below.begin() == "..") return path;
  std::error_code error;
  fs::path plain = fs::read_symlink(descriptors / *below.begin(), error);
  if (error) return path;
  for (auto part = std::next(below.begin()); part != below.end(); ++part) plain /= *part;
  return plain;
}

bool is_below(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) return false;
  const fs::path outer = fs::weakly_canonical(fs::absolute(folder, error), error);
  if (error) return false;
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

Result<Fd> open_file(const fs::path& path, std::uint64_t max_bytes) {
  // Looked at before it is opened, because opening does something to some devices, and after it,
  // because it may have been replaced in between.
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return file_error(path, errno);
  if (!S_ISREG(info.st_mode)) return not_regular(path);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return file_error(path, errno);
  if (!S_ISREG(info.st_mode)) return not_regular(path);
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes) return too_large(path, max_bytes);
  return fd;
}

Result<std::string> read_file(const fs::path& path, std::uint64_t max_bytes) {
  const Result<Fd> fd = open_file(path, max_bytes);
  if (!fd) return fd.error();
  // Read to its end: files under /proc are of size 0, and a file may grow while it is read.
  std::string bytes;
  struct stat info {};
  if (::fstat(fd->get(), &info) == 0) {
    bytes.reserve(std::min(static_cast<std::uint64_t>(info.st_size), max_bytes) + 1);
  }
  char block[64 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd->get(), block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error(path, errno);
    if (n == 0) return bytes;
    bytes.append(block, static_cast<std::size_t>(n));
    if (bytes.size() > max_bytes) return too_large(path, max_bytes);
  }
}

Result<> write_file(const fs::path& path, std::string_view bytes, Durability durability) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode) &&
      !S_ISDIR(there.st_mode)) {
    return file_error(path, Error{"no regular file: it is not replaced", "name a file"});
  }
  std::string temporary = fmt::format("{}{}XXXXXX", path.string(), kUnfinishedMark);
  const Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd.valid()) return file_error(path, errno);
  lock_unfinished(fd);
  const bool sync = durability == Durability::synced;
  Result<> written = write_all(fd.get(), path, bytes);
  if (written && (::fchmod(fd.get(), 0644) != 0 || (sync && ::fsync(fd.get()) != 0) ||
                  ::rename(temporary.c_str(), path.c_str()) != 0)) {
    written = file_error(path, errno);
  }
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace bpfmatrix
