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

/// Of "kernel 'ID': reason" the reason: whoever shows a gone has named its kernel.
std::string reason_of(const Outcome& outcome) {
  const std::string prefix = fmt::format("kernel '{}': ", outcome.kernel.id);
  const std::string& reason = outcome.end_reason;
  return reason.starts_with(prefix) ? reason.substr(prefix.size()) : reason;
}

/// An object that failed here and opened there has rows for its programs: the failure belongs to
/// each of them, not to a row of its own.
template <typename Rows>
void fold_objects_that_never_opened(Rows& rows) {
  using Key = typename Rows::key_type;
  for (auto at = rows.begin(); at != rows.end();) {
    const auto& [case_id, program, btf, loader] = at->first;
    bool has_programs = false;
    // Without a name it stands before the programs of its case.
    for (auto other = at;
         program.empty() && other != rows.end() && std::get<0>(other->first) == case_id; ++other) {
      const Key& key = other->first;
      if (std::get<1>(key).empty() || std::get<2>(key) != btf || std::get<3>(key) != loader)
        continue;
      has_programs = true;
      other->second.fields.insert(at->second.fields.begin(), at->second.fields.end());
    }
    at = has_programs ? rows.erase(at) : std::next(at);
  }
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

void MatrixBuilder::take(const Outcome& outcome) {
  if (outcome.end == End::unavailable) {
    UnavailableKernel& gone =
        untold_
            .try_emplace(
                outcome.kernel.id,
                UnavailableKernel{outcome.kernel.id, outcome.kernel.arch, reason_of(outcome)})
            .first->second;
    ++gone.cells;
  } else {
    told_.insert(outcome.kernel.id);
  }
  const KernelFacts* kernel = kernels_ != nullptr ? kernels_->of(outcome) : nullptr;
  Table& table = tables_[outcome.kernel.arch];
  table.releases[outcome.kernel.id] = outcome.kernel.release;
  if (outcome.programs.empty()) return add_row(table, outcome, nullptr, kernel);
  for (const ProgramOutcome& program : outcome.programs) add_row(table, outcome, &program, kernel);
}

void MatrixBuilder::add_row(Table& table, const Outcome& outcome, const ProgramOutcome* program,
                            const KernelFacts* kernel) {
  const std::string name = program != nullptr ? program->name : "";
  Row& row = table.rows[{outcome.case_id, name, btf_rank(outcome.btf_source), outcome.loader}];
  row.case_id = outcome.case_id;
  row.program = name;
  row.btf = outcome.btf_source;
  row.loader = outcome.loader;
  row.fields[outcome.kernel.id] = make_field(outcome, program, kernel);
}

/// They leave the tables.
std::vector<UnavailableKernel> MatrixBuilder::take_unavailable() {
  std::vector<UnavailableKernel> unavailable;
  for (auto& [id, gone] : untold_) {
    if (told_.contains(id)) continue;
    Table& table = tables_[gone.arch];
    table.releases.erase(id);
    for (auto& [key, row] : table.rows) row.fields.erase(id);
    unavailable.push_back(std::move(gone));
  }
  for (auto& [arch, table] : tables_)
    std::erase_if(table.rows, [](const auto& entry) { return entry.second.fields.empty(); });
  std::erase_if(tables_, [](const auto& entry) { return entry.second.rows.empty(); });
  return unavailable;
}

/// Rows of a case together, programs by name.
MatrixView::Table MatrixBuilder::build(const std::string& arch, Table from) {
  fold_objects_that_never_opened(from.rows);
  MatrixView::Table table{arch, order_kernels(from.releases), {}};
  for (auto& [key, row] : from.rows) table.rows.push_back(std::move(row));
  return table;
}

MatrixView MatrixBuilder::finish() {
  MatrixView view;
  view.unavailable = take_unavailable();
  for (auto& [arch, table] : tables_) view.tables.push_back(build(arch, std::move(table)));
  std::reverse(view.tables.begin(), view.tables.end());  // x86_64 first
  for (const MatrixView::Table& table : view.tables) {
    for (const Row& row : table.rows) {
      for (const auto& [kernel, field] : row.fields) ++view.counts[field.sign];
    }
  }
  return view;
}

MatrixView make_matrix_view(const std::vector<Outcome>& outcomes, RunKernels* kernels) {
  MatrixBuilder builder(kernels);
  for (const Outcome& outcome : outcomes) builder.take(outcome);
  return builder.finish();
}

}  // namespace bpfmatrix
