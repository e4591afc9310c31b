#include "report/matrix_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "analysis/causes/finding.h"
#include "analysis/run_words.h"
#include "base/kernel_version.h"

namespace bpfmatrix {

namespace {

using RowKey = std::tuple<std::string, std::string, std::string, std::string>;

/// The kernel's own BTF is the usual case and stands first.
std::string btf_rank(const std::string& source) { return source == "kernel" ? "" : source; }

/// Oldest release first; what is no version goes last, by name.
std::vector<std::string> order_kernels(const std::map<std::string, std::string>& release_of) {
  std::vector<std::string> ids;
  for (const auto& [id, release] : release_of) ids.push_back(id);
  const auto key = [&](const std::string& id) {
    const auto version = parse_kernel_version(release_of.at(id));
    return std::make_tuple(version.value_or(KernelVersion{1 << 20, 0, 0}), id);
  };
  std::sort(ids.begin(), ids.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return ids;
}

/// Rows in the order in which their cells first came, cases together, programs as in the object.
class TableBuilder {
 public:
  void add(const Outcome& outcome, const KernelFacts* kernel) {
    releases_[outcome.kernel.id] = outcome.kernel.release;
    if (outcome.programs.empty()) return add_row(outcome, nullptr, kernel);
    for (const ProgramOutcome& program : outcome.programs) add_row(outcome, &program, kernel);
  }

  MatrixView::Table build(const std::string& arch) {
    fold_objects_that_never_opened();
    MatrixView::Table table{arch, order_kernels(releases_), {}};
    for (auto& [key, row] : rows_) table.rows.push_back(std::move(row));
    return table;
  }

 private:
  void add_row(const Outcome& outcome, const ProgramOutcome* program, const KernelFacts* kernel) {
    const std::string name = program != nullptr ? program->name : "";
    const RowKey key{outcome.case_id, name, btf_rank(outcome.btf_source), outcome.loader};
    Row& row = rows_[key];
    row.case_id = outcome.case_id;
    row.program = name;
    row.btf = outcome.btf_source;
    row.loader = outcome.loader;
    row.fields[outcome.kernel.id] = make_field(outcome, program, kernel);
  }

  /// An object that failed here and opened there has rows for its programs: the failure belongs to
  /// each of them, not to a row of its own.
  void fold_objects_that_never_opened() {
    std::vector<RowKey> folded;
    for (auto& [key, row] : rows_) {
      if (!row.program.empty()) continue;
      bool has_programs = false;
      for (auto& [other_key, other] : rows_) {
        if (other.program.empty() || other.case_id != row.case_id) continue;
        if (other.btf != row.btf || other.loader != row.loader) continue;
        has_programs = true;
        other.fields.insert(row.fields.begin(), row.fields.end());
      }
      if (has_programs) folded.push_back(key);
    }
    for (const RowKey& key : folded) rows_.erase(key);
  }

  std::map<std::string, std::string> releases_{};
  std::map<RowKey, Row> rows_{};
};

/// Of "kernel 'ID': reason" the reason: whoever shows a gone has named its kernel.
std::string reason_of(const Outcome& outcome) {
  const std::string prefix = fmt::format("kernel '{}': ", outcome.kernel.id);
  const std::string& reason = outcome.end_reason;
  return reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason;
}

std::vector<UnavailableKernel> find_unavailable(const std::vector<Outcome>& outcomes) {
  std::set<std::string> told;
  for (const Outcome& outcome : outcomes) {
    if (outcome.end != End::unavailable) told.insert(outcome.kernel.id);
  }
  std::vector<UnavailableKernel> unavailable;
  for (const Outcome& outcome : outcomes) {
    if (told.contains(outcome.kernel.id)) continue;
    auto gone = std::find_if(
        unavailable.begin(), unavailable.end(),
        [&](const UnavailableKernel& known) { return known.kernel == outcome.kernel.id; });
    if (gone == unavailable.end()) {
      unavailable.push_back({outcome.kernel.id, outcome.kernel.arch, reason_of(outcome)});
      gone = std::prev(unavailable.end());
    }
    ++gone->cells;
  }
  std::sort(
      unavailable.begin(), unavailable.end(),
      [](const UnavailableKernel& a, const UnavailableKernel& b) { return a.kernel < b.kernel; });
  return unavailable;
}

bool is_unavailable(const std::vector<UnavailableKernel>& unavailable, const std::string& kernel) {
  return std::any_of(unavailable.begin(), unavailable.end(),
                     [&](const UnavailableKernel& gone) { return gone.kernel == kernel; });
}

}  // namespace

Field make_field(const Outcome& outcome, const ProgramOutcome* program, const KernelFacts* kernel) {
  const Sign sign = sign_of(outcome, program);
  std::string words = find_cause(outcome, program, kernel).words;
  if (sign == Sign::wrong_reads) {
    words = fmt::format("wrong {}", fmt::join(wrong_reads(outcome, *program), ", "));
  }
  if (sign == Sign::not_fired) words = "not fired";
  return Field{sign, std::move(words), outcome.cell};
}

MatrixView make_matrix_view(const std::vector<Outcome>& outcomes, RunKernels* kernels) {
  MatrixView view;
  view.unavailable = find_unavailable(outcomes);
  std::map<std::string, TableBuilder> builders;
  for (const Outcome& outcome : outcomes) {
    if (is_unavailable(view.unavailable, outcome.kernel.id)) continue;
    builders[outcome.kernel.arch].add(outcome, kernels != nullptr ? kernels->of(outcome) : nullptr);
  }
  for (auto& [arch, builder] : builders) view.tables.push_back(builder.build(arch));
  std::reverse(view.tables.begin(), view.tables.end());  // x86_64 first
  for (const MatrixView::Table& table : view.tables) {
    for (const Row& row : table.rows) {
      for (const auto& [kernel, field] : row.fields) ++view.counts[field.sign];
    }
  }
  return view;
}

OrderedJson to_json(const MatrixView& view) {
  OrderedJson rows = OrderedJson::array();
  for (const MatrixView::Table& table : view.tables) {
    for (const Row& row : table.rows) {
      for (const auto& [kernel, field] : row.fields) {
        rows.push_back({{"cell", field.cell},
                        {"kernel", kernel},
                        {"case", row.case_id},
                        {"program", row.program},
                        {"btf", row.btf},
                        {"loader", row.loader},
                        {"sign", to_string(field.sign)},
                        {"words", field.words}});
      }
    }
  }
  OrderedJson counts = OrderedJson::object();
  for (const Word<Sign>& one : words_of(Sign{})) {
    const auto found = view.counts.find(one.value);
    counts[std::string(one.word)] = found == view.counts.end() ? 0 : found->second;
  }
  OrderedJson unavailable = OrderedJson::array();
  for (const UnavailableKernel& gone : view.unavailable) {
    unavailable.push_back({{"kernel", gone.kernel},
                           {"arch", gone.arch},
                           {"reason", gone.reason},
                           {"cells", gone.cells}});
  }
  return {{"schema", 1},
          {"fields", std::move(rows)},
          {"counts", std::move(counts)},
          {"unavailable", std::move(unavailable)}};
}

}  // namespace bpfmatrix
