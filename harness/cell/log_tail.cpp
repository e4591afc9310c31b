#include "cell/log_tail.h"

#include <fmt/format.h>

#include "outcome/verifier_log.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kTailBytes = 8 << 10;
constexpr std::size_t kReportBytes = 4 << 10;

std::string_view last_lines_of(std::string_view text, int lines) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::size_t start = text.size();
  for (int i = 0; i < lines && start != std::string_view::npos && start > 0; ++i) {
    start = text.rfind('\n', start - 1);
  }
  if (start != std::string_view::npos && start > 0) text.remove_prefix(start + 1);
  if (text.size() > kTailBytes) text.remove_prefix(text.size() - kTailBytes);
  // A cut must not begin inside a character: JSON is UTF-8.
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xc0) == 0x80)
    text.remove_prefix(1);
  return text;
}

/// The report's first lines say what it is about; the statistics behind it are in the record.
std::string_view first_lines_of(std::string_view report) {
  if (report.size() > kReportBytes) report = report.substr(0, report.rfind('\n', kReportBytes));
  while (!report.empty() && report.back() == '\n') report.remove_suffix(1);
  return report;
}

}  // namespace

std::string log_tail(std::string_view log, int lines) {
  const std::size_t report = find_report(log);
  if (report == std::string_view::npos) return std::string(last_lines_of(log, lines));
  return fmt::format("{}\n\n{}", last_lines_of(log.substr(0, report), lines),
                     first_lines_of(log.substr(report)));
}

}  // namespace bpfmatrix
