#include "guest/agent/kernel_setup.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace fs = std::filesystem;

void load_module(const fs::path& file, std::vector<std::string>& notes) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return notes.push_back(system_note(file.string()));
  // EEXIST: loaded already, or built in.
  if (::syscall(SYS_finit_module, fd.get(), "", 0) != 0 && errno != EEXIST) {
    notes.push_back(system_note("module " + file.filename().string()));
  }
}

std::vector<std::string> set_up_kernel(const RunRequest& request) {
  std::vector<std::string> refused;
  for (const std::string& file : request.modules) load_module(file, refused);
  for (const auto& [path, text] : request.sysctl) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid() || !write_all(fd, text)) refused.push_back(system_note(path));
  }
  return refused;
}

}  // namespace bpfmatrix::guest
