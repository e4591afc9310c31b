#include "guest/loader/app/tracee.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/fd.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kMaxFdinfoBytes = 4096;
constexpr std::size_t kMaxPathBytes = 4096;

Fd open_of(pid_t thread, const std::string& name) {
  return Fd(::open(fmt::format("/proc/{}/{}", thread, name).c_str(), O_RDONLY | O_CLOEXEC));
}

std::size_t read_at(const Fd& memory, std::uint64_t address, char* buffer, std::size_t bytes) {
  std::size_t filled = 0;
  while (filled < bytes) {
    const ssize_t n = ::pread(memory.get(), buffer + filled, bytes - filled,
                              static_cast<off_t>(address + filled));
    if (n <= 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

/// The number behind "key:\t" at the beginning of a line.
std::optional<std::uint32_t> field(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    std::string_view rest = text.substr(at);
    if (rest.starts_with(key) && rest.substr(key.size()).starts_with(":\t")) {
      rest.remove_prefix(key.size() + 2);
      std::uint32_t value = 0;
      const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), value);
      return read.ec == std::errc() ? std::optional(value) : std::nullopt;
    }
    if (rest.find('\n') == std::string_view::npos) break;
  }
  return std::nullopt;
}

}  // namespace

DescriptorIds parse_fdinfo(std::string_view text) {
  if (text.find("link_type:") != std::string_view::npos) return {};
  return {field(text, "prog_id"), field(text, "map_id"), field(text, "btf_id")};
}

std::optional<std::string> Tracee::read(std::uint64_t address, std::size_t bytes) const {
  std::string buffer(bytes, '\0');
  if (read_at(open_of(thread_, "mem"), address, buffer.data(), bytes) != bytes) {
    return std::nullopt;
  }
  return buffer;
}

std::string Tracee::read_text(std::uint64_t address, std::size_t max_bytes) const {
  const Fd memory = open_of(thread_, "mem");
  std::string text;
  while (address != 0 && text.size() < max_bytes) {
    // Page by page: the next one may not be there.
    const std::size_t rest_of_page = kPageBytes - (address + text.size()) % kPageBytes;
    std::string block(std::min(rest_of_page, max_bytes - text.size()), '\0');
    block.resize(read_at(memory, address + text.size(), block.data(), block.size()));
    const std::size_t end = block.find('\0');
    text.append(block, 0, end);
    if (block.empty() || end != std::string::npos) break;
  }
  return text;
}

DescriptorIds Tracee::ids(int fd) const {
  const Fd info = open_of(thread_, fmt::format("fdinfo/{}", fd));
  std::string text(kMaxFdinfoBytes, '\0');
  const ssize_t n = ::read(info.get(), text.data(), text.size());
  return parse_fdinfo(std::string_view(text).substr(0, n > 0 ? static_cast<std::size_t>(n) : 0));
}

std::string Tracee::target(int fd) const {
  std::string path(kMaxPathBytes, '\0');
  const std::string link = fmt::format("/proc/{}/fd/{}", thread_, fd);
  const ssize_t n = ::readlink(link.c_str(), path.data(), path.size());
  path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return path;
}

}  // namespace bpfmatrix::guest
