// Any bytes as a verifier's log or a loader's message, of a failure at any stage. The first line
// names the errno.
#include "analysis/advice.h"
#include "analysis/causes/classify.h"
#include "analysis/causes/features.h"
#include "base/testing/fuzz_target.h"
#include "base/text.h"
#include "base/verifier_stats.h"

namespace bpfmatrix {
namespace {

const Features& features() {
  static const Features all = *load_features(BPFMATRIX_SOURCE_DIR "/kernels/features.json");
  return all;
}

void try_failure(const Failure& failure) {
  const Diagnosis diagnosis = classify(failure);
  require(parse_cause(to_string(diagnosis.cause)) == diagnosis.cause, "a cause has a word");
  for (const std::string& line : diagnosis.lines) {
    require(line.find('\n') == std::string::npos, "a line is one line");
  }
  (void)advice(diagnosis, {.type = failure.name}, features());
}

void try_log_end(std::string_view log) {
  const LogEnd end = read_log_end(log);
  require(end.lines.size() <= 4, "a person sees four lines at most");
  require(log.find(end.reason) != std::string_view::npos, "the reason is in the log");
  const std::size_t report = find_report(log);
  require(report == std::string_view::npos || report <= log.size(), "a report is in the log");
  (void)parse_verifier_stats(log);
}

void try_log(std::string_view bytes) {
  const std::string_view errno_name = first_line(bytes);
  std::string_view log = bytes.substr(errno_name.size());
  if (!log.empty()) log.remove_prefix(1);
  try_log_end(log);
  for (const Stage stage : {Stage::open, Stage::relocate, Stage::map, Stage::load, Stage::attach}) {
    try_failure({.stage = stage, .errno_name = errno_name, .log = log, .name = "name"});
    try_failure({.stage = stage, .errno_name = errno_name, .message = log, .name = "name"});
  }
}

const FuzzTarget target("verifier_log", try_log);

}  // namespace
}  // namespace bpfmatrix
