// Any bytes as what is known of a kernel: what a probe says line by line, the file that a run
// keeps, and the lists that a kernel shows.
#include "analysis/causes/feature_check.h"
#include "base/testing/fuzz_target.h"
#include "base/text.h"
#include "outcome/kernel_facts.h"
#include "outcome/probe_record.h"
#include "report/kernel_text.h"

namespace bpfmatrix {
namespace {

const Features& features() {
  static const Features all = *load_features(BPFMATRIX_SOURCE_DIR "/kernels/features.json");
  return all;
}

void try_facts(const KernelFacts& facts) {
  const std::string text = to_text(facts);
  const Result<Json> json = parse_json(text, "facts");
  require(json.has_value(), "facts are written as JSON");
  const auto again = kernel_facts_from_json(*json, "facts");
  require(again && to_text(*again) == text, "facts are read as they were written");
  require_printable(kernel_text(facts, features()));
  (void)summary(check_features(features(), facts));
  (void)facts.symbols.starting_with("sys_");
}

void try_file(std::string_view bytes) {
  const Result<Json> json = parse_json(bytes, "facts");
  if (!json) return;
  if (const auto facts = kernel_facts_from_json(*json, "facts")) try_facts(*facts);
}

void try_answers(std::string_view bytes) {
  ProbeRecord record;
  for (const std::string_view line : split(bytes, '\n')) {
    if (!record.add(line)) return;
  }
  KernelFacts facts;
  record.move_into(facts);
  try_facts(facts);
}

void try_lists(std::string_view bytes) {
  KernelFacts facts;
  facts.config = parse_kernel_config(bytes);
  facts.symbols.add(SymbolList::kallsyms, names_in_kallsyms(bytes));
  facts.symbols.add(SymbolList::traceable, names_in_filter_functions(bytes));
  facts.symbols.add(SymbolList::blacklist, names_in_blacklist(bytes));
  try_facts(facts);
}

void try_kernel(std::string_view bytes) {
  try_file(bytes);
  try_answers(bytes);
  try_lists(bytes);
}

const FuzzTarget target("kernel_facts", try_kernel);

}  // namespace
}  // namespace bpfmatrix
