#include <fmt/format.h>

#include "base/printable.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

/// veristat knows no quotes (tools/testing/selftests/bpf/veristat.c, parse_stats_csv).
std::string csv_field(std::string_view text) {
  std::string plain = printable(text);
  for (char& c : plain) {
    if (c == ',' || c == ' ') c = '_';
  }
  return plain;
}

bool was_tried(const ReportProgram& program) {
  return program.sign != Sign::unknown && program.sign != Sign::not_reached &&
         program.sign != Sign::not_tried && program.sign != Sign::panicked && !program.name.empty();
}

}  // namespace

std::string render_csv(const ReportView& view) {
  std::string text = "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states\n";
  for (const ReportCell& cell : view.cells) {
    for (const ReportProgram& program : cell.programs) {
      if (!was_tried(program)) continue;
      const VerifierStats& stats = program.stats;
      text += fmt::format("{},{},{},{},{},{},{}\n", csv_field(cell.cell), csv_field(program.name),
                          program.sign == Sign::failed ? "failure" : "success",
                          stats.verification_usec.value_or(0), stats.insns.value_or(0),
                          stats.states_total.value_or(0), stats.states_peak.value_or(0));
    }
  }
  return text;
}

}  // namespace bpfmatrix
