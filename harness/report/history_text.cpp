#include "report/history_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "analysis/compare/compare.h"
#include "base/printable.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kShortHash = 8;

std::string time_text(std::int64_t started) {
  if (day_text(started).empty()) return "unknown";
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(static_cast<std::time_t>(started)));
}

/// Rows of texts, each column as wide as its widest, but for the last.
class Columns {
 public:
  void add(std::vector<std::string> row) {
    for (std::string& text : row) text = printable(text);
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      if (widths_.size() <= i) widths_.push_back(0);
      widths_[i] = std::max(widths_[i], columns_of(row[i]));
    }
    rows_.push_back(std::move(row));
  }

  std::string text() const {
    std::string all;
    for (const std::vector<std::string>& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        line += "  " + row[i];
        const bool is_last = i + 1 == row.size();
        if (!is_last) line.append(static_cast<std::size_t>(widths_[i] - columns_of(row[i])), ' ');
      }
      line.erase(line.find_last_not_of(' ') + 1);
      all += line + "\n";
    }
    return all;
  }

 private:
  std::vector<int> widths_{};
  std::vector<std::vector<std::string>> rows_{};
};

std::string program_text(const ProgramState& state) {
  std::string text = state_text(state);
  if (!state.symbol.empty())
    text += (state.sign == Sign::attached ? " to " : ", attached to ") + state.symbol;
  if (state.poisoned > 0) text += fmt::format(", {} poisoned", state.poisoned);
  if (state.insns) text += fmt::format(", {} insns", *state.insns);
  return text;
}

std::string shown_release(const HistoryCell& cell) {
  return cell.release.empty() ? "-" : cell.release;
}

void add_entry(const HistoryEntry& entry, const HistoryEntry* before, Columns& columns) {
  const HistoryCell& cell = entry.cell;
  std::vector<std::string> row{
      time_text(entry.run.started),
      cell.object_sha256.empty() ? "-" : cell.object_sha256.substr(0, kShortHash),
      shown_release(cell), std::string(to_string(cell.verdict))};
  if (cell.programs.empty()) {
    row.push_back(cell.problem);
    return columns.add(std::move(row));
  }
  const bool as_before = before != nullptr && before->cell.programs == cell.programs;
  if (as_before) {
    row.emplace_back("as before");
    return columns.add(std::move(row));
  }
  for (const ProgramState& state : cell.programs) {
    const std::string name = state.program.empty() ? "(object)" : state.program;
    std::vector<std::string> line = row;
    line.push_back(name);
    line.push_back(program_text(state));
    columns.add(std::move(line));
    // What is true of all of them is said once.
    std::fill(row.begin(), row.end(), "");
  }
}

OrderedJson to_json(const ProgramState& state) {
  const auto number = [](const std::optional<std::uint64_t>& value) {
    return value ? OrderedJson(*value) : OrderedJson(nullptr);
  };
  return {{"program", state.program},     {"sign", to_string(state.sign)},
          {"cause", state.cause},         {"symbol", state.symbol},
          {"wrong", state.wrong},         {"poisoned", state.poisoned},
          {"insns", number(state.insns)}, {"stack", number(state.stack)},
          {"size", number(state.size)}};
}

std::string name_of(const Seen& seen) { return seen.version.empty() ? seen.kernel : seen.version; }

std::vector<std::string> lines_of(const Support& support) {
  const std::optional<std::size_t> oldest = support.oldest();
  const std::size_t all = support.seen.size();
  std::vector<std::string> lines;
  if (!oldest) {
    lines.emplace_back("on none that was tried");
  } else if (*oldest == 0) {
    lines.push_back(fmt::format("since {}, the oldest that was tried", name_of(support.seen[0])));
  } else {
    lines.push_back(fmt::format("since {}{}", name_of(support.seen[*oldest]),
                                support.is_bounded() ? "" : ", or earlier"));
  }
  const std::size_t below = oldest.value_or(all);
  for (std::string& line : reasons_text(support, Works::no, 0, below))
    lines.push_back(std::move(line));
  for (const std::string& line : reasons_text(support, Works::no, below, all))
    lines.push_back("but " + line);
  for (std::string& line : reasons_text(support, Works::unknown, 0, all))
    lines.push_back(std::move(line));
  return lines;
}

}  // namespace

std::string render_history(const std::vector<HistoryEntry>& entries) {
  if (entries.empty()) return "";
  Columns columns;
  columns.add({"run", "object", "kernel", "verdict", "program", "came to"});
  const HistoryEntry* before = nullptr;
  for (const HistoryEntry& entry : entries) {
    add_entry(entry, before, columns);
    if (!entry.cell.programs.empty()) before = &entry;
  }
  return printable(entries.front().cell.cell) + "\n" + columns.text();
}

OrderedJson to_json(const std::vector<HistoryEntry>& entries) {
  OrderedJson all = OrderedJson::array();
  for (const HistoryEntry& entry : entries) {
    const HistoryCell& cell = entry.cell;
    OrderedJson programs = OrderedJson::array();
    for (const ProgramState& state : cell.programs) programs.push_back(to_json(state));
    all.push_back({{"cell", cell.cell},
                   {"run", entry.run.id},
                   {"started", entry.run.started},
                   {"dir", entry.run.dir},
                   {"object", cell.object},
                   {"object_sha256", cell.object_sha256},
                   {"kernel", cell.kernel},
                   {"release", cell.release},
                   {"verdict", to_string(cell.verdict)},
                   {"problem", cell.problem},
                   {"programs", std::move(programs)}});
  }
  return all;
}

std::string render_since(const SupportTable& table) {
  std::string text;
  for (const auto& [program, supports] : table) {
    const std::string name = program.program.empty() ? "(object)" : program.program;
    text += printable(fmt::format("{}:{}, BTF source {}, loader {}", program.case_id, name,
                                  program.btf, program.loader)) +
            "\n";
    Columns columns;
    for (const Support& support : supports) {
      std::vector<std::string> row{support.series, support.arch, ""};
      for (std::string& line : lines_of(support)) {
        row[2] = std::move(line);
        columns.add(row);
        row[0].clear();
        row[1].clear();
      }
    }
    text += columns.text();
  }
  return text;
}

OrderedJson to_json(const SupportTable& table) {
  OrderedJson all = OrderedJson::array();
  for (const auto& [program, supports] : table) {
    OrderedJson series = OrderedJson::array();
    for (const Support& support : supports) {
      const std::optional<std::size_t> oldest = support.oldest();
      OrderedJson kernels = OrderedJson::array();
      for (std::size_t i = 0; i < support.seen.size(); ++i) {
        const Seen& seen = support.seen[i];
        kernels.push_back({{"kernel", seen.kernel},
                           {"version", seen.version},
                           {"works", to_string(seen.works)},
                           {"hole", support.is_hole(i)},
                           {"why", seen.why}});
      }
      series.push_back(
          {{"series", support.series},
           {"arch", support.arch},
           {"since", oldest ? OrderedJson(support.seen[*oldest].kernel) : OrderedJson(nullptr)},
           {"earlier_unknown", oldest && !support.is_bounded()},
           {"kernels", std::move(kernels)}});
    }
    all.push_back({{"case", program.case_id},
                   {"program", program.program},
                   {"btf", program.btf},
                   {"loader", program.loader},
                   {"series", std::move(series)}});
  }
  return all;
}

}  // namespace bpfmatrix
