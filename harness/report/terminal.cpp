#include "report/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/printable.h"
#include "report/counted.h"

namespace bpfmatrix {

namespace {

constexpr int kMinFieldWidth = 12;
constexpr int kMaxFieldWidth = 30;
constexpr int kMaxLabelWidth = 44;

struct SignStyle {
  std::string_view glyph;
  std::string_view colour;
  std::string_view meaning;
};

SignStyle style_of(Sign sign) {
  switch (sign) {
    case Sign::attached:
      return {"●", "\033[32m", "loaded and attached"};
    case Sign::wrong_reads:
      return {"≠", "\033[31m", "fired, and read wrong values"};
    case Sign::not_fired:
      return {"◌", "\033[33m", "loaded and attached, did not fire"};
    case Sign::loaded:
      return {"○", "\033[32m", "loaded (nothing says where to attach it)"};
    case Sign::not_attached:
      return {"◇", "\033[33m", "loaded, and its application did not attach it"};
    case Sign::loaded_skipped:
      return {"~", "\033[33m", "loaded with skipped relocations: not a pass"};
    case Sign::attach_failed:
      return {"△", "\033[33m", "loaded, attach failed"};
    case Sign::failed:
      return {"✗", "\033[31m", "rejected by the verifier, or failed before"};
    case Sign::not_reached:
      return {"-", "\033[2m", "not reached: its object failed before"};
    case Sign::not_tried:
      return {"∙", "\033[2m", "not tried: its application or project does without it"};
    case Sign::panicked:
      return {"!", "\033[35m", "the kernel panicked"};
    case Sign::unknown:
      return {"?", "\033[35m", "not conclusive"};
  }
  return {};
}

/// `text` in exactly `width` columns: padded, or cut with "…".
std::string fit(std::string_view text, int width) {
  const int have = columns_of(text);
  if (have <= width)
    return std::string(text) + std::string(static_cast<std::size_t>(width - have), ' ');
  std::size_t bytes = 0;
  for (int taken = 0; bytes < text.size(); ++bytes) {
    const bool starts = (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80;
    if (starts && taken++ == width - 1) break;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string paint(std::string_view text, std::string_view colour, bool on) {
  return on ? fmt::format("{}{}\033[0m", colour, text) : std::string(text);
}

/// Case, program where a case has several, BTF source where it is not the kernel's own, loader
/// where a case has several.
std::vector<std::string> labels(const MatrixView::Table& table) {
  std::map<std::string, std::set<std::string>> loaders;
  std::map<std::string, std::set<std::string>> programs;
  for (const Row& row : table.rows) {
    loaders[row.case_id].insert(row.loader);
    programs[row.case_id].insert(row.program);
  }
  std::vector<std::string> labels;
  for (const Row& row : table.rows) {
    std::string label = row.case_id;
    if (programs[row.case_id].size() > 1 && !row.program.empty()) label += ":" + row.program;
    if (row.btf != "kernel") label += fmt::format(" [{}]", row.btf);
    if (loaders[row.case_id].size() > 1) label += fmt::format(" {}", row.loader);
    labels.push_back(printable(label));
  }
  return labels;
}

int widest(const std::vector<std::string>& texts, int least, int most) {
  int width = least;
  for (const std::string& text : texts) width = std::max(width, columns_of(text));
  return std::min(width, most);
}

/// "debian-6.1" of "debian-6.1-x86_64": the table's title says the rest.
std::string column_title(const std::string& kernel, const std::string& arch) {
  const std::string suffix = "-" + arch;
  return printable(kernel.ends_with(suffix) ? kernel.substr(0, kernel.size() - suffix.size())
                                            : kernel);
}

int field_width(const MatrixView::Table& table, int room) {
  int wanted = kMinFieldWidth;
  for (const std::string& kernel : table.kernels) {
    wanted = std::max(wanted, columns_of(column_title(kernel, table.arch)) + 1);
  }
  for (const Row& row : table.rows) {
    for (const auto& [kernel, field] : row.fields)
      wanted = std::max(wanted, columns_of(printable(field.words)) + 4);
  }
  const int each = room / std::max(1, static_cast<int>(table.kernels.size()));
  return std::clamp(std::min(wanted, each), kMinFieldWidth, kMaxFieldWidth);
}

std::string render_field(const Row& row, const std::string& kernel, int width, bool colour) {
  const auto found = row.fields.find(kernel);
  if (found == row.fields.end()) return std::string(static_cast<std::size_t>(width), ' ');
  const SignStyle sign = style_of(found->second.sign);
  const std::string words = fit(printable(found->second.words), width - 3);
  return fmt::format("{} {} ", paint(sign.glyph, sign.colour, colour), words);
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string render_table(const MatrixView::Table& table, const TerminalStyle& style) {
  const std::vector<std::string> names = labels(table);
  const int label_width = widest(names, columns_of(printable(table.arch)), kMaxLabelWidth) + 2;
  const int width = field_width(table, style.width - label_width);
  std::string head = fit(printable(table.arch), label_width);
  for (const std::string& kernel : table.kernels)
    head += fit(column_title(kernel, table.arch), width - 1) + " ";
  std::string text = trimmed(std::move(head));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    std::string line = fit(names[i], label_width - 2) + "  ";
    for (const std::string& kernel : table.kernels) {
      line += render_field(table.rows[i], kernel, width, style.colour);
    }
    text += trimmed(std::move(line));
  }
  return text;
}

/// One line for each kernel, however many cells it has.
std::string render_unavailable(const MatrixView& view, const TerminalStyle& style) {
  std::vector<std::string> names;
  for (const UnavailableKernel& gone : view.unavailable) names.push_back(printable(gone.kernel));
  const int width = widest(names, 0, kMaxLabelWidth);
  std::string text;
  for (const UnavailableKernel& gone : view.unavailable) {
    const std::string cells = counted(gone.cells, "cell");
    text +=
        fmt::format("{} {}  {:>10}  {}\n", paint("?", style_of(Sign::unknown).colour, style.colour),
                    fit(printable(gone.kernel), width), cells, printable(gone.reason));
  }
  return text.empty() ? "" : "\nunavailable kernels:\n" + text;
}

}  // namespace

std::string_view glyph_of(Sign sign) { return style_of(sign).glyph; }

std::string render_terminal(const MatrixView& view, const TerminalStyle& style) {
  std::string text;
  for (const MatrixView::Table& table : view.tables) text += render_table(table, style) + "\n";
  for (const Word<Sign>& one : words_of(Sign{})) {
    const auto count = view.counts.find(one.value);
    if (count == view.counts.end()) continue;
    const SignStyle look = style_of(one.value);
    text += fmt::format("{} {:>5}  {}\n", paint(look.glyph, look.colour, style.colour),
                        count->second, look.meaning);
  }
  text += render_unavailable(view, style);
  return text;
}

}  // namespace bpfmatrix
