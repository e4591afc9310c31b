#include "guest/loader/app/cpu_use.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/fd.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::int64_t kTickMs = 10;
/// Of those behind the name, which may hold blanks and parentheses: state is the first.
constexpr int kUserTime = 11;
constexpr int kLastTime = kUserTime + 3;

}  // namespace

std::optional<std::uint64_t> parse_cpu_ticks(std::string_view stat) {
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 2);
  std::uint64_t ticks = 0;
  for (int field = 0; field <= kLastTime; ++field) {
    const std::string_view text = stat.substr(0, stat.find(' '));
    if (field >= kUserTime) {
      std::uint64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
      ticks += value;
    }
    stat.remove_prefix(std::min(stat.size(), text.size() + 1));
  }
  return ticks;
}

std::optional<std::uint64_t> CpuUse::ticks_of(pid_t process) const {
  const Fd fd(::open(fmt::format("/proc/{}/stat", process).c_str(), O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t size = ::read(fd.get(), text, sizeof text);
  if (size <= 0) return std::nullopt;
  return parse_cpu_ticks({text, static_cast<std::size_t>(size)});
}

void CpuUse::look(const std::set<pid_t>& processes, std::int64_t now_ms) {
  const std::int64_t span = now_ms - since_ms_;
  if (span < kSpanMs) return;
  std::map<pid_t, std::uint64_t> now;
  std::uint64_t used = 0;
  for (const pid_t process : processes) {
    const std::optional<std::uint64_t> ticks = ticks_of(process);
    if (!ticks) continue;
    now[process] = *ticks;
    const auto before = before_.find(process);
    // One that was born in this span has used all of its time in it.
    const std::uint64_t known = before != before_.end() ? before->second : 0;
    if (*ticks > known) used += *ticks - known;
  }
  if (static_cast<std::int64_t>(used) * kTickMs * 3 > span) last_busy_ms_ = now_ms;
  before_ = std::move(now);
  since_ms_ = now_ms;
}

}  // namespace bpfmatrix::guest
