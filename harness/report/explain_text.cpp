#include "report/explain_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

constexpr int kLabelWidth = 12;

std::string_view word(StageResult result) {
  return result == StageResult::not_reached ? "not reached" : to_string(result);
}

}  // namespace

std::string labelled(std::string_view label, std::string_view text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view more = text.substr(std::min(end + 1, text.size()));
  return fmt::format("{:<{}}{}\n", label, kLabelWidth, text.substr(0, end)) +
         quoted(more, std::string(kLabelWidth, ' '));
}

std::string quoted(std::string_view text, std::string_view margin) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{}{}\n", margin, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string stage_text(const StageOutcome& stage) {
  std::string text(word(stage.result));
  if (!stage.errno_name.empty()) text += ", " + stage.errno_name;
  if (!stage.message.empty()) text += ": " + stage.message;
  return text;
}

}  // namespace bpfmatrix
