#include <fmt/format.h>

#include <algorithm>

#include "analysis/compare/support.h"
#include "base/json.h"
#include "base/text.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

/// As MDN's browser-compat-data writes that it may be older: it was not tried, or not found out.
constexpr std::string_view kOrOlder = "≤";

std::string why_of(const ReportCell& cell, const ReportProgram& program) {
  if (!program.sentence.empty()) return program.sentence;
  if (!program.troubles.empty()) return program.troubles.front();
  return cell.problem.empty() ? std::string(to_string(program.sign)) : cell.problem;
}

/// A cell that has no outcome says what it is by its id alone.
SupportedProgram program_of(const ReportCell& cell, const std::string& name) {
  SupportedProgram program{cell.case_id, name, cell.btf, cell.loader};
  const std::vector<std::string_view> parts = split(cell.cell, '/');
  if (program.btf.empty() && parts.size() == 4) {
    program.btf = parts[2];
    program.loader = parts[3];
  }
  return program;
}

SupportTable support_of(const ReportView& view) {
  SupportBuilder builder;
  const auto take = [&](const ReportCell& cell, const ReportProgram& program) {
    const Works known = works(program.sign);
    builder.add(program_of(cell, program.name), place_of(cell.kernel, "", cell.arch),
                {.kernel = cell.kernel,
                 .works = known,
                 .why = known == Works::yes ? "" : why_of(cell, program)});
  };
  for (const ReportCell& cell : view.cells) {
    if (cell.programs.empty()) take(cell, {});
    for (const ReportProgram& program : cell.programs) take(cell, program);
  }
  return builder.finish();
}

std::string version_of(const Seen& seen) {
  return seen.version.empty() ? seen.kernel : seen.version;
}

/// "5.10" where the kernel before is known not to do, else "≤5.10".
std::string bound(const Support& support, std::size_t i, Works before) {
  const bool is_sure = i > 0 && support.seen[i - 1].works == before;
  return std::string(is_sure ? "" : kOrOlder) + version_of(support.seen[i]);
}

void add_notes(std::vector<std::string> notes, OrderedJson& statement) {
  if (notes.size() == 1) statement["notes"] = notes.front();
  if (notes.size() > 1) statement["notes"] = std::move(notes);
}

OrderedJson unsupported(const Support& support) {
  const auto is_unknown = [](const Seen& seen) { return seen.works == Works::unknown; };
  const bool open = std::any_of(support.seen.begin(), support.seen.end(), is_unknown);
  OrderedJson statement{{"version_added", open ? OrderedJson(nullptr) : OrderedJson(false)}};
  std::vector<std::string> notes = reasons_text(support, Works::no, 0, support.seen.size());
  for (std::string& note : reasons_text(support, Works::unknown, 0, support.seen.size()))
    notes.push_back(std::move(note));
  add_notes(std::move(notes), statement);
  return statement;
}

/// The kernels from `begin` on, up to the next hole, whose place is the result.
std::size_t add_statement(const Support& support, std::size_t begin, std::size_t below,
                          OrderedJson& statements) {
  const std::vector<Seen>& seen = support.seen;
  std::size_t end = begin;
  while (end < seen.size() && seen[end].works != Works::no) ++end;
  OrderedJson statement{{"version_added", bound(support, begin, Works::no)}};
  if (end < seen.size()) statement["version_removed"] = bound(support, end, Works::yes);
  std::vector<std::string> notes = reasons_text(support, Works::no, below, begin);
  for (std::string& note : reasons_text(support, Works::unknown, below, end))
    notes.push_back(std::move(note));
  if (end < seen.size()) {
    std::size_t hole = end;
    while (hole < seen.size() && seen[hole].works != Works::yes) ++hole;
    // Nothing newer will say why.
    if (hole == seen.size()) {
      for (std::string& note : reasons_text(support, Works::no, end, hole))
        notes.push_back(std::move(note));
    }
  }
  add_notes(std::move(notes), statement);
  statements.insert(statements.begin(), std::move(statement));  // the newest first
  return end;
}

OrderedJson statements_of(const Support& support) {
  const std::optional<std::size_t> oldest = support.oldest();
  if (!oldest) return unsupported(support);
  OrderedJson statements = OrderedJson::array();
  std::size_t below = 0;
  for (std::size_t at = *oldest; at < support.seen.size();) {
    const std::size_t end = add_statement(support, at, below, statements);
    below = end;
    at = end;
    while (at < support.seen.size() && support.seen[at].works != Works::yes) ++at;
  }
  return statements.size() == 1 ? statements[0] : statements;
}

std::string key_of(const std::string& series, const std::string& arch) {
  return arch.empty() ? series : fmt::format("{}-{}", series, arch);
}

/// What "browsers" is there: the series, and their kernels by version.
OrderedJson series_of(const SupportTable& table) {
  OrderedJson all = OrderedJson::object();
  for (const auto& [program, supports] : table) {
    for (const Support& support : supports) {
      OrderedJson& series = all[key_of(support.series, support.arch)];
      series["name"] = support.series;
      series["arch"] = support.arch;
      for (const Seen& seen : support.seen)
        series["releases"][version_of(seen)] = {{"kernel", seen.kernel}};
    }
  }
  return all;
}

}  // namespace

std::string render_compat(const ReportView& view) {
  const SupportTable table = support_of(view);
  OrderedJson programs = OrderedJson::object();
  for (const auto& [program, supports] : table) {
    OrderedJson support = OrderedJson::object();
    for (const Support& one : supports) support[key_of(one.series, one.arch)] = statements_of(one);
    const std::string name = program.program.empty() ? "(object)" : program.program;
    programs[program.case_id][name][program.btf + "/" + program.loader]["__compat"] = {
        {"support", std::move(support)}};
  }
  const OrderedJson json{
      {"schema", 1}, {"series", series_of(table)}, {"programs", std::move(programs)}};
  return json_text(json, 2) + "\n";
}

}  // namespace bpfmatrix
