#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "base/printable.h"
#include "report/explain_sections.h"

namespace bpfmatrix {

namespace {

using TableRow = std::array<std::string, 7>;

/// Enumerators below 0 are stored as their 64 bits.
std::string number(const std::optional<std::uint64_t>& value) {
  if (!value) return "-";
  if (*value > std::numeric_limits<std::int64_t>::max()) {
    return std::to_string(static_cast<std::int64_t>(*value));
  }
  return std::to_string(*value);
}

/// "12"; "helper:3" where it is not the program's own function.
std::string place(const RelocationRecord& record, const std::string& program) {
  if (record.function == program) return std::to_string(record.insn);
  return fmt::format("{}:{}", record.function, record.insn);
}

std::string result(const RelocationRecord& record) {
  const std::string mark = record.cross_check == CrossCheck::disagrees ? " !" : "";
  return fmt::format("{}{}", to_string(record.result), mark);
}

/// "struct ring::length", and as kallsyms has it "[veth]" where its type is a module's.
std::string subject(const RelocationRecord& record) {
  if (record.local.empty()) return "?";
  return record.module.empty() ? record.local : fmt::format("{} [{}]", record.local, record.module);
}

TableRow row_of(const RelocationRecord& record, const std::string& program) {
  return {fmt::format("#{}", record.index),
          place(record, program),
          record.kind,
          subject(record),
          fmt::format("{} -> {}", number(record.local_value), number(record.target_value)),
          result(record),
          record.reason};
}

std::string table(const std::vector<TableRow>& rows) {
  std::array<int, std::tuple_size_v<TableRow>> widths{};
  for (const TableRow& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text;
  for (const TableRow& row : rows) {
    std::string line = "   ";
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format(" {:<{}} ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

/// Reasons why nothing was compared, with the number of relocations each stands for.
std::string not_compared(const std::vector<RelocationRecord>& relocations) {
  std::map<std::string, int> reasons;
  for (const RelocationRecord& record : relocations) {
    if (record.cross_check == CrossCheck::not_compared) ++reasons[record.cross_check_note];
  }
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text += fmt::format("    {} calculated, not compared: {}\n", count, reason);
  }
  return text;
}

}  // namespace

std::string explain_relocations(const Telling&, const ProgramOutcome& program) {
  const std::vector<RelocationRecord>& relocations = program.relocations;
  if (relocations.empty()) return "";
  std::vector<TableRow> rows{{"#", "insn", "kind", "of", "value", "result", ""}};
  for (const RelocationRecord& record : relocations) rows.push_back(row_of(record, program.name));
  std::string text = "  relocations, from the compiler's value to this kernel's:\n" + table(rows);
  for (const RelocationRecord& record : relocations) {
    if (record.cross_check != CrossCheck::disagrees) continue;
    text += fmt::format("    ! cross-check of #{} disagrees: {}\n", record.index,
                        record.cross_check_note);
  }
  return text + not_compared(relocations);
}

}  // namespace bpfmatrix
