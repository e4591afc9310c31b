#include "cli/kernel_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/printable.h"
#include "cli/talk.h"

namespace bpfmatrix {

std::string amount(std::uint64_t bytes) {
  if (bytes < 1 << 20) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / (1 << 10));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string btf_words(const Kernel& kernel) {
  if (kernel.btf) return "BTF " + amount(kernel.btf->bytes);
  if (kernel.detached_btf) return "no BTF, " + amount(kernel.detached_btf->bytes) + " made for it";
  return "no BTF";
}

ProgressLine::ProgressLine(std::string kernel)
    : kernel_(std::move(kernel)), terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::on_progress(const Progress& progress) {
  if (what_ != progress.what) begin(progress);
  const bool whole = progress.total > 0 && progress.bytes >= progress.total;
  if (terminal_ && (whole || time_to_show())) {
    const std::string of = progress.total > 0 ? " of " + amount(progress.total) : "";
    say_drawn(fmt::format("\r\033[K{}: {} {}{}, {}", printable(kernel_), printable(what_),
                          amount(progress.bytes), of, speed(progress.bytes)));
  } else if (!terminal_ && whole) {
    bpfmatrix::say(fmt::format("{}: {} {}, {}", kernel_, what_, amount(progress.total),
                               speed(progress.bytes)));
  }
}

void ProgressLine::on_build(const BuildProgress& progress) {
  const auto show = [&](std::string_view begin, std::string_view end) {
    say_drawn(fmt::format("{}{}: compiling, {} of about {} files{}", begin, printable(kernel_),
                          progress.objects, std::max(progress.objects, progress.total), end));
  };
  const std::int64_t tenths = progress.objects * 10 / progress.total;
  if (terminal_ && time_to_show()) show("\r\033[K", "");
  if (!terminal_ && tenths > tenths_) show("", "\n");
  tenths_ = tenths;
}

void ProgressLine::say(std::string_view line) {
  clear();
  bpfmatrix::say(fmt::format("{}: {}", kernel_, line));
}

void ProgressLine::clear() {
  if (terminal_) say_drawn("\r\033[K");
}

void ProgressLine::begin(const Progress& progress) {
  what_ = progress.what;
  started_ = Clock::now();
  already_ = progress.bytes;
}

std::string ProgressLine::speed(std::uint64_t bytes) const {
  const std::chrono::duration<double> time = Clock::now() - started_;
  if (bytes <= already_ || time.count() < 0.01) return "-";
  const double rate = static_cast<double>(bytes - already_) / time.count();
  return fmt::format("{}/s", amount(static_cast<std::uint64_t>(rate)));
}

bool ProgressLine::time_to_show() {
  const auto now = Clock::now();
  if (now - shown_ <= std::chrono::milliseconds(100)) return false;
  shown_ = now;
  return true;
}

}  // namespace bpfmatrix
