#include "base/memory_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bpfmatrix {

Result<Fd> make_memory_file(const char* name, std::string_view bytes) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC));
  while (fd.valid() && !bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) break;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fd.valid() && bytes.empty()) return fd;
  return Error{fmt::format("'{}' in memory: {}", name, ::strerror(errno))};
}

}  // namespace bpfmatrix
