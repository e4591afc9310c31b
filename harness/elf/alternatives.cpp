#include "elf/alternatives.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/section_name.h"

namespace bpfmatrix {

namespace {

/// Longer ones first: "tp_btf" begins as "tp" does.
constexpr std::array<std::string_view, 14> kMethodWords{
    "raw_tracepoint", "kretprobe", "tracepoint", "ksyscall", "raw_tp", "tp_btf", "fentry",
    "kprobe",         "fmod_ret",  "fexit",      "btf",      "raw",    "tp",     "kp"};

std::string_view without_edges(std::string_view name) {
  while (name.starts_with('_')) name.remove_prefix(1);
  while (name.ends_with('_')) name.remove_suffix(1);
  return name;
}

/// What is left of a name without the words for ways to attach, at its begin or end.
std::string_view base_of(std::string_view name) {
  for (const std::string_view word : kMethodWords) {
    if (name.size() <= word.size() + 1) continue;
    if (name.starts_with(word) && name[word.size()] == '_')
      return without_edges(name.substr(word.size()));
    if (name.ends_with(word) && name[name.size() - word.size() - 1] == '_')
      return without_edges(name.substr(0, name.size() - word.size()));
  }
  return name;
}

bool is_at_return(std::string_view method) {
  return method.starts_with("kret") || method == "fexit" || method.starts_with("uret");
}

}  // namespace

std::vector<std::vector<std::string>> likely_alternatives(const ObjectInfo& info) {
  struct Group {
    std::vector<std::string> names{};
    std::set<std::string_view> methods{};
  };
  std::map<std::pair<std::string_view, bool>, Group> groups;
  for (const ObjectProgram& program : info.programs) {
    const std::string_view method = parse_section_name(program.section).method;
    Group& group = groups[{base_of(program.name), is_at_return(method)}];
    group.names.push_back(program.name);
    group.methods.insert(method);
  }
  std::vector<std::vector<std::string>> alternatives;
  for (auto& [key, group] : groups) {
    // Two of one method are two programs.
    if (group.names.size() > 1 && group.methods.size() == group.names.size())
      alternatives.push_back(std::move(group.names));
  }
  std::sort(alternatives.begin(), alternatives.end());
  return alternatives;
}

}  // namespace bpfmatrix
