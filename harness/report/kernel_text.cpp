#include "report/kernel_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/causes/feature_check.h"
#include "base/printable.h"

namespace bpfmatrix {

namespace {

constexpr int kFactWidth = 27;
constexpr std::size_t kLineWidth = 100;

struct Group {
  const char* name;
  const char* shown;
};
constexpr Group kGroups[] = {
    {"map_type", "map types"},       {"program_type", "program types"},
    {"attach_type", "attach types"}, {"attach", "ways to attach"},
    {"btf_kind", "BTF kinds"},       {"behaviour", "behaviours"},
};

std::string line(std::string_view label, std::string_view text) {
  return fmt::format("{:<{}}{}\n", printable(label), kFactWidth, printable(text));
}

/// Without what all names of a group begin with.
std::string_view short_name(std::string_view name) {
  for (const std::string_view prefix : {"BPF_MAP_TYPE_", "BPF_PROG_TYPE_", "BPF_"}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return name;
}

/// Words in lines of readable length, below one another.
std::string wrapped(std::string_view label, const std::vector<std::string>& words) {
  std::string text = fmt::format("  {:<9}", label);
  std::size_t column = 0;
  for (const std::string& word : words) {
    if (column > 0 && column + word.size() > kLineWidth) {
      text += fmt::format("\n{:11}", "");
      column = 0;
    }
    text += (column > 0 ? " " : "") + word;
    column += word.size() + 1;
  }
  return text + "\n";
}

std::string shown(std::string_view name, const ProbedFact& fact) {
  const std::string text = printable(short_name(name));
  return fact.answer == Ternary::yes || fact.errno_name.empty()
             ? text
             : fmt::format("{}({})", text, printable(fact.errno_name));
}

std::string group_text(const Group& group, const std::map<std::string, ProbedFact>& facts) {
  std::string text = fmt::format("\n{}\n", group.shown);
  const std::pair<Ternary, const char*> answers[] = {
      {Ternary::yes, "yes"}, {Ternary::no, "no"}, {Ternary::unknown, "unknown"}};
  for (const auto& [answer, word] : answers) {
    std::vector<std::string> names;
    for (const auto& [name, fact] : facts) {
      if (fact.answer == answer) names.push_back(shown(name, fact));
    }
    if (!names.empty()) text += wrapped(word, names);
  }
  return text;
}

std::string helpers_text(const KernelFacts& facts, const Features& features) {
  if (!facts.helper_count) return "";
  std::string text = fmt::format("\nhelpers\n  numbered  1 to {}", *facts.helper_count);
  if (const Feature* last = features.helper(*facts.helper_count)) {
    text += fmt::format(" ({})", last->name);
  }
  text += "\n";
  for (const auto& [type, helpers] : facts.helpers) {
    if (helpers.unknown.size() > helpers.allowed.size()) continue;
    text += fmt::format("  {:<18}{:>4} may be called", printable(short_name(type)),
                        helpers.allowed.size());
    if (!helpers.unknown.empty()) text += fmt::format(", {} unknown", helpers.unknown.size());
    text += "\n";
  }
  return text + "  helpers that none of these may call: see --json\n";
}

std::string names_text(const KernelFacts& facts) {
  std::string text = "\nnames\n";
  for (const auto& [list, word, description] : kSymbolListWords) {
    text += fmt::format(
        "  {:<26}{:>7}\n", word,
        facts.symbols.knows(list) ? fmt::format("{}", facts.symbols.count(list)) : "unknown");
  }
  const auto count = [](const auto& known) {
    return known ? fmt::format("{}", known->size()) : std::string("unknown");
  };
  text += fmt::format("  {:<26}{:>7}\n", "tracepoints", count(facts.tracepoints));
  return text + fmt::format("  {:<26}{:>7}\n", "config options", count(facts.config));
}

std::string disagreements_text(const KernelFacts& facts, const Features& features) {
  const std::vector<Disagreement> disagreements = check_features(features, facts);
  if (disagreements.empty()) return "";
  std::string text = "\ndifferent from what kernels/features.json says of its version\n";
  for (const Disagreement& one : disagreements)
    text += fmt::format("  {}\n", printable(to_string(one)));
  return text;
}

}  // namespace

std::string kernel_text(const KernelFacts& facts, const Features& features) {
  std::string text = line("release", fmt::format("{} {}", facts.release, facts.arch));
  text += line("booted with", facts.cmdline);
  for (const auto& [name, value] : facts.options) {
    if (name != "version") text += line(name, value);
  }
  for (const auto& [name, value] : facts.numbers) text += line(name, fmt::format("{}", value));
  text += line("probed in", fmt::format("{} ms", facts.probe_ms));
  for (const Group& group : kGroups) {
    const auto found = facts.probed.find(group.name);
    if (found != facts.probed.end()) text += group_text(group, found->second);
  }
  return text + helpers_text(facts, features) + names_text(facts) +
         disagreements_text(facts, features);
}

}  // namespace bpfmatrix
