#include "vm/console_buffer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace bpfmatrix {

void ConsoleBuffer::append(std::string_view bytes) {
  total_ += bytes.size();
  const std::size_t first = std::min(bytes.size(), kHeadBytes - head_.size());
  head_ += bytes.substr(0, first);
  bytes.remove_prefix(first);
  if (bytes.size() > kTailBytes) bytes.remove_prefix(bytes.size() - kTailBytes);
  tail_ += bytes;
  if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
}

std::string ConsoleBuffer::text() const {
  const std::string_view tail =
      std::string_view(tail_).substr(tail_.size() - std::min(tail_.size(), kTailBytes));
  const std::uint64_t left_out = total_ - head_.size() - tail.size();
  if (left_out == 0) return head_ + std::string(tail);
  return fmt::format("{}\n[... {} bytes left out ...]\n{}", head_, left_out, tail);
}

std::string ConsoleBuffer::text_since(std::uint64_t bytes) const {
  if (bytes >= total_) return "";
  const std::uint64_t wanted = total_ - bytes;
  if (wanted <= std::min(tail_.size(), kTailBytes)) return tail_.substr(tail_.size() - wanted);
  return text().substr(std::min<std::uint64_t>(bytes, head_.size()));
}

Result<ConsoleLog> ConsoleLog::open(const std::filesystem::path& path) {
  // A new file in place of whatever bears its name: a link, or a FIFO that nobody reads.
  ::unlink(path.c_str());
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid()) {
    Error error = file_error(path, errno);
    return Error{"console log " + error.message};
  }
  return ConsoleLog(std::move(fd));
}

void ConsoleLog::append(std::string_view bytes) {
  if (!fd_.valid()) return;
  const std::uint64_t room = kMaxBytes - written_;
  write(bytes.substr(0, room));
  if (bytes.size() <= room) return;
  write(fmt::format("\n[the console went on; this file keeps its first {} bytes]\n", kMaxBytes));
  fd_.reset();
}

void ConsoleLog::write(std::string_view bytes) {
  while (fd_.valid() && !bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fd_.reset();
    written_ += static_cast<std::uint64_t>(n);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace bpfmatrix
