#include <fmt/format.h>

#include <map>
#include <string_view>

#include "analysis/compare/support.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

// Colours with enough contrast to white text (WCAG AA) and to one another.
constexpr std::string_view kGreen = "#2e7d32";
constexpr std::string_view kYellow = "#8a6d00";
constexpr std::string_view kRed = "#c62828";
constexpr std::string_view kGrey = "#616161";

struct Badge {
  std::string text{};
  std::string_view colour = kGrey;
};

/// On how many kernels all programs work. Cells that decide nothing do not count.
Badge badge_of(const ReportView& view) {
  std::map<std::string_view, Works> kernels;
  for (const ReportCell& cell : view.cells) {
    if (cell.optional) continue;
    Works all = cell.is_known() ? Works::yes : Works::unknown;
    for (const ReportProgram& program : cell.programs) {
      const Works one = works(program.sign);
      if (one == Works::no || all == Works::no) all = Works::no;
      if (one == Works::unknown && all == Works::yes) all = Works::unknown;
    }
    const auto [kernel, is_new] = kernels.try_emplace(cell.kernel, all);
    const bool is_worse = all == Works::no || kernel->second == Works::yes;
    if (!is_new && is_worse && kernel->second != Works::no) kernel->second = all;
  }
  int good = 0;
  int unknown = 0;
  for (const auto& [kernel, works] : kernels) {
    if (works == Works::yes) ++good;
    if (works == Works::unknown) ++unknown;
  }
  const int all = static_cast<int>(kernels.size());
  Badge badge{.text = all == 0 ? "nothing was run" : fmt::format("{} of {} kernels", good, all)};
  if (unknown > 0) badge.text += fmt::format(", {} not known", unknown);
  if (view.failing > 0 || (all > 0 && good == 0 && unknown == 0)) {
    badge.colour = kRed;
  } else if (all > 0 && unknown == 0 && view.not_known == 0) {
    badge.colour = good == all ? kGreen : kYellow;
  }
  return badge;
}

}  // namespace

std::string render_badge(const ReportView& view) {
  constexpr std::string_view kLabel = "bpf";
  constexpr int kLetter = 7;  // of Verdana at 11, about; textLength makes it fit
  constexpr int kMargin = 6;
  const Badge badge = badge_of(view);
  const auto width_of = [](std::string_view text) {
    return static_cast<int>(text.size()) * kLetter;
  };
  const int left = width_of(kLabel) + 2 * kMargin;
  const int width = left + width_of(badge.text) + 2 * kMargin;
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="20" role="img" aria-label="{1}: {2}">
<title>{1}: {2}</title>
<rect width="{0}" height="20" rx="3" fill="#424242"/>
<path d="M{3} 0h{4}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{3}z" fill="{5}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{6}" y="14" textLength="{7}">{1}</text>
<text x="{8}" y="14" textLength="{9}">{2}</text>
</g>
</svg>
)",
      width, kLabel, badge.text, left, width - left - 3, badge.colour, kMargin, width_of(kLabel),
      left + kMargin, width_of(badge.text));
}

}  // namespace bpfmatrix
