#include "report/json_report.h"

#include <map>

#include "base/json_fields.h"

namespace bpfmatrix {

namespace {

struct ReportedField {
  std::string cell{};
  std::string kernel{};
  std::string case_id{};
  std::string program{};
  std::string btf{};
  std::string loader{};
  Sign sign = Sign::unknown;
  std::string words{};
};

void fields(auto& field, Of<ReportedField> auto& f) {
  field("cell", f.cell, "what `explain` takes");
  field("kernel", f.kernel, "its id");
  field("case", f.case_id, "the id of the case or object");
  field("program", f.program, "empty: the object, which never came to programs");
  field("btf", f.btf, "where BTF came from: kernel, embedded or none");
  field("loader", f.loader, "which loader");
  field("sign", f.sign, "how far the program came");
  field("words", f.words, "a few words of why; empty for a plain success");
}

struct ReportedState {
  std::string program{};
  std::string state{};
};

void fields(auto& field, Of<ReportedState> auto& s) {
  field("program", s.program, "empty: the object");
  field("state", s.state, "how far it came in the baseline");
}

struct ReportedCell {
  std::string cell{};
  Verdict verdict = Verdict::unsure;
  bool optional = false;
  bool required = false;
  std::vector<Mismatch> mismatches{};
  std::vector<Doubt> doubts{};
  std::vector<ProgramChange> changes{};
  std::vector<ReportedState> carried{};
};

void fields(auto& field, Of<ReportedCell> auto& c) {
  field("cell", c.cell, "its id");
  field("verdict", c.verdict, "what is said of it");
  field("optional", c.optional, "it decides nothing");
  field("required", c.required, "it has to be known, and good");
  field("mismatches", c.mismatches, "what is not as its rule wants it");
  field("doubts", c.doubts, "why something could not be judged");
  field("changes", c.changes, "since the baseline");
  field("carried", c.carried, "of a cell that could not be tried: what it was in the baseline");
}

struct ReportedCause {
  Verdict verdict = Verdict::unexpected;
  std::string what{};
  std::string cause{};
  std::string source{};
  std::string advice{};
  std::vector<std::string> programs{};
  std::vector<std::string> kernels{};
  std::vector<std::string> cells{};
  int dependents = 0;
  std::string seen{};
};

void fields(auto& field, Of<ReportedCause> auto& c) {
  field("verdict", c.verdict, "of all its cells");
  field("what", c.what, "what is not as it should be");
  field("cause", c.cause, "why it failed, in words; empty: nothing failed");
  field("source", c.source, "where the verifier stood; empty: not known");
  field("advice", c.advice, "what to do; empty: there is no advice");
  field("programs", c.programs, "CASE:PROGRAM, or CASE");
  field("kernels", c.kernels, "ids");
  field("cells", c.cells, "ids");
  field("dependents", c.dependents,
        "programs that failed only because another of their object did");
  field("seen", c.seen, "when it was first seen, by the history; empty: not known");
}

struct ReportedVerdicts {
  std::map<std::string, int> counts{};
  std::vector<ReportedCause> root_causes{};
  std::vector<ReportedCell> not_as_expected{};
};

void fields(auto& field, Of<ReportedVerdicts> auto& v) {
  field("counts", v.counts, "cells by verdict; each verdict is there");
  field("root_causes", v.root_causes,
        "what is behind the cells that are not as they should be, the gravest first");
  field("not_as_expected", v.not_as_expected, "cells, by id");
}

struct Report {
  std::vector<ReportedField> fields_{};
  std::map<std::string, int> counts{};
  std::vector<UnavailableKernel> unavailable{};
  ReportedVerdicts verdicts{};
};

void fields(auto& field, Of<Report> auto& r) {
  field.constant("schema", 1, "the version of this schema", "made by another version of bpfmatrix");
  field("fields", r.fields_, "the matrix: programs by kernels");
  field("counts", r.counts, "fields by sign; each sign is there");
  field("unavailable", r.unavailable, "kernels of which nothing was found out");
  field("verdicts", r.verdicts, "what is said of it");
}

template <HasWords E>
std::map<std::string, int> counts_of(const std::map<E, int>& counts) {
  std::map<std::string, int> all;
  for (const Word<E>& one : words_of(E{})) {
    const auto found = counts.find(one.value);
    all.emplace(one.word, found == counts.end() ? 0 : found->second);
  }
  return all;
}

ReportedCell cell_of(const JudgedCell& judged) {
  ReportedCell cell{.cell = judged.cell,
                    .verdict = judged.verdict.verdict,
                    .optional = judged.optional,
                    .required = judged.required,
                    .mismatches = judged.verdict.mismatches,
                    .doubts = judged.verdict.doubts,
                    .changes = judged.changes};
  for (const ProgramState& state : judged.carried)
    cell.carried.push_back({state.program, state_text(state)});
  return cell;
}

ReportedCause cause_of(const RootCause& root) {
  return {.verdict = root.verdict,
          .what = root.what,
          .cause = root.cause,
          .source = root.source,
          .advice = root.advice,
          .programs = {root.programs.begin(), root.programs.end()},
          .kernels = {root.kernels.begin(), root.kernels.end()},
          .cells = {root.cells.begin(), root.cells.end()},
          .dependents = root.dependents,
          .seen = root.seen};
}

}  // namespace

// Found by their types, so in the namespace of these.

void fields(auto& field, Of<UnavailableKernel> auto& k) {
  field("kernel", k.kernel, "its id");
  field("arch", k.arch, "x86_64 or aarch64");
  field("reason", k.reason, "why");
  field("cells", k.cells, "how many cells were planned on it");
}

void fields(auto& field, Of<Mismatch> auto& m) {
  field("program", m.program, "empty: the object");
  field("field", m.field, "of the rule");
  field("wanted", m.wanted, "one of these");
  field("got", m.got, "what it was");
  field("because", m.because, "the rule's own reason");
}

void fields(auto& field, Of<Doubt> auto& d) {
  field("program", d.program, "empty: the object");
  field("reason", d.reason, "why it could not be judged");
}

void fields(auto& field, Of<ProgramChange> auto& c) {
  field("program", c.program, "empty: the object");
  field("change", c.change, "better, worse or other");
  field("what", c.what, "in words");
}

OrderedJson json_report(const MatrixView& view, const VerdictSummary& summary,
                        const std::vector<RootCause>& roots) {
  Report report{.counts = counts_of(view.counts),
                .unavailable = view.unavailable,
                .verdicts = {.counts = counts_of(summary.counts)}};
  for (const MatrixView::Table& table : view.tables) {
    for (const Row& row : table.rows) {
      for (const auto& [kernel, field] : row.fields)
        report.fields_.push_back({field.cell, kernel, row.case_id, row.program, row.btf, row.loader,
                                  field.sign, field.words});
    }
  }
  for (const RootCause& root : roots) report.verdicts.root_causes.push_back(cause_of(root));
  for (const JudgedCell& cell : summary.notable)
    report.verdicts.not_as_expected.push_back(cell_of(cell));
  return to_json_tree(report);
}

OrderedJson json_report_schema() {
  return json_schema<Report>("bpfmatrix report, schema 1",
                             "What `judge --json` and `report --format json` print.");
}

Result<> check_json_report(const Json& json, const std::string& where) {
  const Result<Report> report = from_json<Report>(json, where);
  return report ? Result<>() : Result<>(report.error());
}

}  // namespace bpfmatrix
