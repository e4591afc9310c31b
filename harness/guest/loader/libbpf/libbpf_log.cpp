#include "guest/loader/libbpf/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>

namespace bpfmatrix::guest {

namespace {

constexpr std::size_t kMaxWarnings = 64;
constexpr std::string_view kPrefix = "libbpf: ";

int print_line(libbpf_print_level level, const char* format, va_list arguments) {
  char line[4096];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  if (length <= 0) return 0;
  const auto bytes = std::min(static_cast<std::size_t>(length), sizeof line - 1);
  LibbpfLog::instance().print(level == LIBBPF_WARN, std::string_view(line, bytes));
  return 0;
}

}  // namespace

LibbpfLog::LibbpfLog() { libbpf_set_print(print_line); }

LibbpfLog& LibbpfLog::instance() {
  static LibbpfLog log;
  return log;
}

void LibbpfLog::print(bool warning, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (on_line_) on_line_(text);
  if (!warning) return;
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  if (warnings_.size() == kMaxWarnings) warnings_.erase(warnings_.begin());
  warnings_.emplace_back(text);
}

std::string LibbpfLog::message() const {
  std::string message;
  for (const std::string& warning : warnings_) {
    if (!message.empty()) message += '\n';
    message += warning;
  }
  return message;
}

}  // namespace bpfmatrix::guest
