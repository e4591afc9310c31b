#include "guest/agent/init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "base/fd.h"
#include "base/file.h"
#include "guest/agent/kernel_setup.h"
#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

namespace fs = std::filesystem;

struct Mount {
  const char* type;
  const char* target;
  const char* options;
  bool noted_when_missing;
};

// In this order. tracefs has its own mount point since 4.1 and is found by libbpf below debugfs as
// well; small kernels may lack any of the last five.
constexpr Mount kMounts[] = {
    {"proc", "/proc", nullptr, true},
    {"sysfs", "/sys", nullptr, true},
    {"devtmpfs", "/dev", nullptr, true},
    {"tmpfs", "/run", "mode=755", true},
    {"tmpfs", "/tmp", "mode=1777", true},
    {"bpf", "/sys/fs/bpf", nullptr, true},
    {"debugfs", "/sys/kernel/debug", nullptr, true},
    {"tracefs", "/sys/kernel/tracing", nullptr, true},
    {"cgroup2", "/sys/fs/cgroup", nullptr, true},
    {"securityfs", "/sys/kernel/security", nullptr, false},
};

constexpr std::string_view kModuleDirectory = "/bpfmatrix/modules";
constexpr std::uint64_t kMaxOrderBytes = std::uint64_t{64} << 10;

}  // namespace

void mount_file_systems(std::vector<std::string>& notes) {
  for (const Mount& mount : kMounts) {
    ::mkdir(mount.target, 0755);
    // EBUSY: the kernel has mounted it itself (devtmpfs).
    if (::mount(mount.type, mount.target, mount.type, 0, mount.options) != 0 && errno != EBUSY &&
        mount.noted_when_missing) {
      notes.push_back(system_note(fmt::format("mount {}", mount.target)));
    }
  }
}

void widen_root() {
  // A root that is a tmpfs takes half of the memory at most, which a large application needs more
  // of. Any other root has no such bound, and refuses or ignores the option.
  ::mount(nullptr, "/", nullptr, MS_REMOUNT, "size=90%");
}

void protect_tools(std::vector<std::string>& notes) {
  constexpr const char* kTools = "/bpfmatrix";
  if (::mount(kTools, kTools, nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, kTools, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0) {
    notes.push_back(system_note("read-only /bpfmatrix"));
  }
}

void open_console() {
  const int fd = ::open("/dev/console", O_RDWR | O_NOCTTY);
  if (fd < 0) return;
  for (int standard = 0; standard <= 2; ++standard) {
    if (fd != standard) ::dup2(fd, standard);
  }
  if (fd > 2) ::close(fd);
}

void raise_limits(std::vector<std::string>& notes) {
  // Up to 5.10 the memory of maps and programs counts against RLIMIT_MEMLOCK: an EPERM that would
  // look like a missing privilege.
  const rlimit memlock{RLIM_INFINITY, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &memlock) != 0) notes.push_back(system_note("RLIMIT_MEMLOCK"));
  const rlimit files{65536, 65536};
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) notes.push_back(system_note("RLIMIT_NOFILE"));
}

void hasten_grace_periods() {
  // A kernel without the file (CONFIG_TINY_RCU, say) has nothing to hasten.
  const Fd fd(::open("/sys/kernel/rcu_expedited", O_WRONLY | O_CLOEXEC));
  if (fd.valid()) (void)!::write(fd.get(), "1", 1);
}

void load_modules(ModuleGroup group, std::vector<std::string>& notes) {
  const fs::path directory(kModuleDirectory);
  std::error_code missing;
  if (!fs::exists(directory / "order", missing)) return;
  const Result<std::string> order = read_file(directory / "order", kMaxOrderBytes);
  if (!order) return notes.push_back(order.error().message);
  std::istringstream lines(*order);
  std::string word;
  std::string name;
  while (lines >> word >> name) {
    if (word == (group == ModuleGroup::channel ? "channel" : "later")) {
      load_module(directory / name, notes);
    }
  }
}

void end_machine(const std::string& reason) {
  std::printf("bpfmatrix agent: %s\n", reason.c_str());
  std::fflush(stdout);
  ::sync();
  // Not RB_POWER_OFF: a small kernel without ACPI would only halt. QEMU runs with -no-reboot.
  ::reboot(RB_AUTOBOOT);
  for (;;) ::pause();
}

}  // namespace bpfmatrix::guest
