#include "report/claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

#include "analysis/causes/finding.h"
#include "analysis/expect/judge.h"
#include "base/file.h"
#include "base/json.h"
#include "report/matrix_view.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxClaimsBytes = 1 << 20;
constexpr std::string_view kObserved = "observed.";
constexpr std::string_view kRunCount = "run_cnt";
constexpr std::string_view kRunTime = "run_time_ns";
/// "kernel.btf_kind", "kernel.vmlinux_btf": what was found out about the kernel itself.
constexpr std::string_view kKernel = "kernel.";

bool is_answerable(const std::string& field) {
  if (field == kRunCount || field == kRunTime) return true;
  if (field.starts_with(kObserved) || field.starts_with(kKernel)) return true;
  const auto& fields = expectable_fields();
  return std::any_of(fields.begin(), fields.end(),
                     [&](const ExpectableField& one) { return one.name == field; });
}

Result<ClaimAnswer> read_answer(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  ClaimAnswer answer;
  answer.case_id = reader.string("case");
  answer.btf = reader.optional_string("btf").value_or("kernel");
  answer.loader = reader.optional_string("loader").value_or("libbpf");
  answer.program = reader.optional_string("program").value_or("");
  answer.fields = reader.strings("fields");
  for (const std::string& field : answer.fields) {
    if (!is_answerable(field)) reader.fail("fields", fmt::format("unknown field '{}'", field));
  }
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return answer;
}

Result<Claim> read_claim(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  Claim claim;
  claim.id = static_cast<int>(reader.integer("id"));
  claim.claim = reader.string("claim");
  reader.strings("cases");
  const Json* answers = reader.array("answers");
  for (std::size_t i = 0; answers != nullptr && i < answers->size(); ++i) {
    Result<ClaimAnswer> answer =
        read_answer((*answers)[i], fmt::format("{}: answers[{}]", where, i));
    if (!answer) reader.adopt(answer.error());
    if (answer) claim.answers.push_back(*std::move(answer));
  }
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return claim;
}

/// The stage that failed, and why: "rejected: helper unknown". Empty if none did.
std::string failure_text(const Outcome& outcome, const ProgramOutcome* program) {
  const bool logged = program != nullptr && !program->load.log_tail.empty();
  const std::pair<std::string_view, std::string_view> stages[] = {
      {"open", "not opened"},        {"maps", "no map"},
      {"relocate", "not relocated"}, {"load", logged ? "rejected" : "not loaded"},
      {"attach", "not attached"},
  };
  for (const auto& [field, text] : stages) {
    if (outcome_word(field, outcome, program) != "failed") continue;
    const std::string words = find_cause(outcome, program).words;
    return words.empty() ? std::string(text) : fmt::format("{}: {}", text, words);
  }
  return "";
}

/// Single values with the same result, together: "fd, port right".
std::string observed_text(const std::vector<std::string>& fields, const Outcome& outcome,
                          const ProgramOutcome* program) {
  std::map<std::string, std::vector<std::string>> names;
  for (const std::string& field : fields) {
    if (!field.starts_with(kObserved)) continue;
    names[outcome_word(field, outcome, program).value_or("?")].push_back(
        field.substr(kObserved.size()));
  }
  std::vector<std::string> parts;
  for (const auto& [word, which] : names)
    parts.push_back(fmt::format("{} {}", fmt::join(which, ", "),
                                word == "wrong" ? std::string("**wrong**") : word));
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// Of a group of what was probed: "btf_kind: all 20", "btf_kind: all but enum64, type_tag".
std::string group_text(const std::string& group, const std::map<std::string, ProbedFact>& probed) {
  std::vector<std::string> missing;
  for (const auto& [name, fact] : probed) {
    if (fact.answer == Ternary::unknown) return group + " ?";
    if (fact.answer == Ternary::no) missing.push_back(name);
  }
  return missing.empty() ? fmt::format("{}: all {}", group, probed.size())
                         : fmt::format("{}: all but {}", group, fmt::join(missing, ", "));
}

std::string kernel_text(const std::string& name, const KernelFacts* kernel) {
  if (kernel == nullptr) return name + " ?";
  const auto group = kernel->probed.find(name);
  if (group != kernel->probed.end()) return group_text(name, group->second);
  const Ternary answer = kernel->feature(name);
  if (answer == Ternary::unknown) return name + " ?";
  return fmt::format("{}: {}", name, answer == Ternary::yes ? "yes" : "no");
}

/// What one field says of a program that did not fail; empty if that is obvious.
std::string field_text(const std::string& field, const Outcome& outcome,
                       const ProgramOutcome* program) {
  if (field == kRunCount && program != nullptr)
    return program->run.run_cnt ? fmt::format("counted {}", *program->run.run_cnt) : "not counted";
  if (field == kRunTime && program != nullptr)
    return program->run.run_time_ns ? "timed" : "not timed";
  const auto word = outcome_word(field, outcome, program);
  if (field == "cause") return "";
  if (!word) return field + " ?";
  if (field == "fired") return *word == "yes" ? "fired" : "did not fire";
  if (field == "arguments") return *word == "unknown" ? "" : "arguments " + *word;
  if (field == "observed") return "values " + *word;
  if (field == "relocate") return *word == "ok" ? "relocated" : "";
  if (field == "maps") return *word == "ok" ? "maps made" : "";
  if (*word == "ok") return field == "load" ? "loaded" : field == "attach" ? "attached" : field;
  return *word == "not_reached" ? "not reached" : *word;
}

/// How far it came: what fired was attached, what was attached had been accepted, and so on. Only
/// the last of these is worth a word.
std::string_view furthest(const Outcome& outcome, const ProgramOutcome* program) {
  constexpr std::pair<std::string_view, std::string_view> kWay[] = {
      {"fired", "yes"}, {"attach", "ok"}, {"load", "ok"}, {"maps", "ok"}};
  for (const auto& [field, word] : kWay) {
    if (outcome_word(field, outcome, program) == word) return field;
  }
  return "";
}

bool goes_without_saying(const std::string& field, const std::vector<std::string>& asked,
                         std::string_view reached) {
  constexpr std::array<std::string_view, 4> kWay{"maps", "load", "attach", "fired"};
  const auto* place = std::find(kWay.begin(), kWay.end(), field);
  const auto* end = std::find(kWay.begin(), kWay.end(), reached);
  if (place == kWay.end() || end == kWay.end() || place >= end) return false;
  return std::any_of(place + 1, end + 1, [&](std::string_view later) {
    return std::find(asked.begin(), asked.end(), later) != asked.end();
  });
}

std::string told_text(const ClaimAnswer& answer, const Outcome& outcome,
                      const ProgramOutcome* program, const KernelFacts* kernel) {
  if (std::string refused = failure_text(outcome, program); !refused.empty()) return refused;
  const std::string_view reached = furthest(outcome, program);
  std::vector<std::string> parts;
  for (const std::string& field : answer.fields) {
    if (field.starts_with(kObserved)) continue;
    if (field.starts_with(kKernel)) {
      parts.push_back(kernel_text(field.substr(kKernel.size()), kernel));
      continue;
    }
    if (goes_without_saying(field, answer.fields, reached)) continue;
    if (std::string text = field_text(field, outcome, program); !text.empty())
      parts.push_back(std::move(text));
  }
  if (std::string text = observed_text(answer.fields, outcome, program); !text.empty())
    parts.push_back(std::move(text));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string cell_text(const ClaimAnswer& answer, const Outcome& outcome,
                      const KernelFacts* kernel) {
  if (outcome.end == End::panicked) return "panicked";
  if (outcome.end != End::completed) return "not conclusive";
  const auto program = std::find_if(outcome.programs.begin(), outcome.programs.end(),
                                    [&](const auto& one) { return one.name == answer.program; });
  const bool found = program != outcome.programs.end();
  const bool opened = outcome.open.result == StageResult::ok;
  if (!answer.program.empty() && !found && opened) return "no such program";
  return told_text(answer, outcome, found ? &*program : nullptr, kernel);
}

/// Kernels in the order of the matrix: by architecture, oldest first.
std::vector<std::string> kernels_of(const std::vector<Outcome>& outcomes) {
  std::vector<std::string> kernels;
  for (const MatrixView::Table& table : make_matrix_view(outcomes).tables)
    kernels.insert(kernels.end(), table.kernels.begin(), table.kernels.end());
  return kernels;
}

std::string answer_name(const ClaimAnswer& answer) {
  std::string name = answer.case_id;
  if (!answer.program.empty()) name += ":" + answer.program;
  if (answer.btf != "kernel") name += fmt::format(" [{}]", answer.btf);
  if (answer.loader != "libbpf") name += fmt::format(" {}", answer.loader);
  return name;
}

class Table {
 public:
  Table(const std::vector<Outcome>& outcomes, RunKernels& facts)
      : kernels_(kernels_of(outcomes)), facts_(facts) {
    for (const Outcome& outcome : outcomes)
      outcomes_[{outcome.kernel.id, outcome.case_id, outcome.btf_source, outcome.loader}] =
          &outcome;
  }

  std::string head() const {
    std::string text = "| claim | case |";
    for (const std::string& kernel : kernels_) text += fmt::format(" {} |", kernel);
    text += "\n|---|---|";
    for (std::size_t i = 0; i < kernels_.size(); ++i) text += "---|";
    return text + "\n";
  }

  std::string row(const std::string& claim, const ClaimAnswer& answer) const {
    std::string text = fmt::format("| {} | {} |", claim, answer_name(answer));
    for (const std::string& kernel : kernels_) {
      const auto found = outcomes_.find({kernel, answer.case_id, answer.btf, answer.loader});
      const Outcome* outcome = found == outcomes_.end() ? nullptr : found->second;
      text += fmt::format(" {} |", outcome == nullptr
                                       ? "not run"
                                       : cell_text(answer, *outcome, facts_.of(*outcome)));
    }
    return text + "\n";
  }

 private:
  std::vector<std::string> kernels_;
  RunKernels& facts_;
  std::map<std::array<std::string, 4>, const Outcome*> outcomes_{};
};

}  // namespace

Result<std::vector<Claim>> load_claims(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, kMaxClaimsBytes);
  if (!text) return text.error();
  const Result<Json> json = parse_json(*text, file.string());
  if (!json) return json.error();
  ObjectReader reader(*json, file.string());
  if (reader.integer("schema") != 1) reader.fail("schema", "only 1 is known");
  std::vector<Claim> claims;
  const Json* list = reader.array("claims");
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    Result<Claim> claim = read_claim((*list)[i], fmt::format("{}: claims[{}]", file.string(), i));
    if (!claim) reader.adopt(claim.error());
    if (claim) claims.push_back(*std::move(claim));
  }
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return claims;
}

std::string render_claims(const std::vector<Claim>& claims, const std::vector<Outcome>& outcomes,
                          RunKernels& kernels) {
  const Table table(outcomes, kernels);
  std::string text = table.head();
  for (const Claim& claim : claims) {
    std::string words = fmt::format("{}. {}", claim.id, claim.claim);
    for (const ClaimAnswer& answer : claim.answers) {
      text += table.row(words, answer);
      words.clear();
    }
  }
  return text;
}

}  // namespace bpfmatrix
