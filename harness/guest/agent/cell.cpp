#include "guest/agent/cell.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "base/fd.h"
#include "guest/agent/loopback.h"
#include "guest/common/system.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

namespace {

namespace fs = std::filesystem;

constexpr const char* kPins = "/sys/fs/bpf";
constexpr const char* kCgroups = "/sys/fs/cgroup";
constexpr int kCgroupDepth = 8;

void clear_files(std::vector<std::string>& leftovers) {
  std::error_code error;
  fs::remove_all(fs::path(kCellDirectory), error);
  if (error) leftovers.push_back(std::string(kCellDirectory) + ": " + error.message());
}

/// A BPF file system is gone with its last mount, and every pin with it.
void clear_pins(std::vector<std::string>& leftovers) {
  std::error_code error;
  if (fs::is_empty(kPins, error) || error) return;
  if (::umount2(kPins, MNT_DETACH) != 0 || ::mount("bpf", kPins, "bpf", 0, nullptr) != 0) {
    leftovers.push_back(system_note(kPins));
  }
}

/// Programs attached to a cgroup go with it.
void clear_cgroups(const fs::path& parent, int depth, std::vector<std::string>& leftovers) {
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_symlink(ignored) || !entry->is_directory(ignored)) continue;
    if (depth > 0) clear_cgroups(entry->path(), depth - 1, leftovers);
    if (::rmdir(entry->path().c_str()) != 0) leftovers.push_back(system_note(entry->path()));
  }
}

/// Opening for truncation removes every probe that was made through this file.
void clear_probes(const char* file) { const Fd fd(::open(file, O_WRONLY | O_TRUNC | O_CLOEXEC)); }

}  // namespace

std::vector<std::string> clear_cell() {
  std::vector<std::string> leftovers;
  clear_files(leftovers);
  clear_pins(leftovers);
  clear_cgroups(kCgroups, kCgroupDepth, leftovers);
  clear_probes("/sys/kernel/tracing/kprobe_events");
  clear_probes("/sys/kernel/tracing/uprobe_events");
  clear_loopback();
  return leftovers;
}

}  // namespace bpfmatrix::guest
