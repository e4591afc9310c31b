#include "base/unfinished.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <ctime>
#include <string>

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

/// It has a name before it has a lock: what is as young as this may be about to get one.
constexpr std::time_t kYoung = 2;

bool has_no_maker(const fs::path& path, Others others, std::time_t now) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return false;
  const std::time_t age = now - info.st_ctime;
  const bool told_by_lock = others == Others::are_locked_out || age >= kYoung;
  return told_by_lock && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

void lock_unfinished(const Fd& fd) {
  // Nobody else has it. On a file system without locks this proves nothing and does no harm.
  (void)::flock(fd.get(), LOCK_EX | LOCK_NB);
}

int remove_unfinished(const fs::path& folder, Others others, std::time_t now) {
  int removed = 0;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const std::size_t mark = name.rfind(kUnfinishedMark);
    const bool ours = mark != name.npos && name.size() == mark + kUnfinishedMark.size() + 6;
    if (!ours || !has_no_maker(at->path(), others, now)) continue;
    std::error_code failed;
    fs::remove_all(at->path(), failed);
    if (!failed) ++removed;
  }
  return removed;
}

}  // namespace bpfmatrix
