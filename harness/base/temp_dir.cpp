#include "base/temp_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "base/unfinished.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

Result<TempDir> TempDir::create(const fs::path& parent, const std::string& prefix) {
  std::string name = (parent / (prefix + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) {
    return Error{
        fmt::format("temporary directory in '{}': {}", parent.string(), ::strerror(errno))};
  }
  return TempDir(fs::path(name));
}

Result<TempDir> TempDir::create(const std::string& prefix) {
  std::error_code ec;
  const fs::path parent = fs::temp_directory_path(ec);
  return create(ec ? fs::path("/tmp") : parent, prefix);
}

TempDir::TempDir(fs::path path)
    : path_(std::move(path)), lock_(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  lock_unfinished(lock_);
}

TempDir::TempDir(TempDir&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
    lock_ = std::move(other.lock_);
  }
  return *this;
}

TempDir::~TempDir() { remove(); }

fs::path TempDir::release() {
  fs::path path = std::move(path_);
  path_.clear();
  lock_.reset();
  return path;
}

void TempDir::remove() {
  if (path_.empty()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  path_.clear();
  lock_.reset();
}

}  // namespace bpfmatrix
