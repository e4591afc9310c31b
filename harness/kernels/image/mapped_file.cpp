#include "kernels/image/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/fd.h"

namespace bpfmatrix {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const auto failed = [&path](std::string_view reason) {
    return Error{fmt::format("'{}': {}", path.string(), reason)};
  };
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return failed(::strerror(errno));
  if (!S_ISREG(info.st_mode)) return failed("not a regular file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size == 0) return failed("empty");
  if (size > max_bytes) return failed(fmt::format("larger than the limit of {} bytes", max_bytes));
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (at == MAP_FAILED) return failed(::strerror(errno));
  return MappedFile({static_cast<const char*>(at), size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace bpfmatrix
