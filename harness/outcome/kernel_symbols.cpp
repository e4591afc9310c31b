#include "outcome/kernel_symbols.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"

namespace bpfmatrix {

namespace {

/// The kernel's own limit, KSYM_NAME_LEN, is 512 since 6.1, 128 before (include/linux/kallsyms.h,
/// v5.8).
constexpr std::size_t kMaxName = 512;
constexpr std::size_t kMaxNames = 2'000'000;

/// Not what stands for an address without a name, nor the padding in front of a function.
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && !name.starts_with("__pfx_") &&
         !name.starts_with("__ftrace_invalid_address");
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view next_word(std::string_view& line) {
  constexpr std::string_view kSpace = " \t";
  line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kSpace));
  line.remove_prefix(word.size());
  return word;
}

std::string word(std::uint8_t bits) {
  std::string text;
  for (const auto& list : kSymbolListWords) {
    if ((bits >> static_cast<unsigned>(list.value) & 1) == 0) continue;
    text += fmt::format("{}{}", text.empty() ? "" : " ", list.word);
  }
  return text;
}

std::optional<std::uint8_t> parse_lists(std::string_view text) {
  for (std::uint8_t bits = 0; bits < 1U << std::size(kSymbolListWords); ++bits) {
    if (word(bits) == text) return bits;
  }
  return std::nullopt;
}

/// As it is in JSON. The names are many: they are used where they are.
struct SymbolRecord {
  std::vector<SymbolList> known{};
  struct Names {
    const Json* json = nullptr;
  } names{};
};
void fields(auto& field, Of<SymbolRecord> auto& r) {
  field("known", r.known,
        "the lists that could be read; a name that is not in one of them is not in the kernel");
  field("names", r.names, "by the lists that a name is in, as in 'kallsyms traceable btf'");
}

}  // namespace

template <>
struct JsonType<SymbolRecord::Names> {
  static void read(const Json& json, SymbolRecord::Names& names, const JsonPlace& place,
                   JsonProblem& problem) {
    if (!json.is_object()) return problem.wrong_type(place, "an object", json);
    names.json = &json;
  }
  static OrderedJson schema() {
    return JsonType<std::map<std::string, std::vector<std::string>>>::schema();
  }
};

void KernelSymbols::add(SymbolList list, const std::vector<std::string_view>& names) {
  known_ |= bit(list);
  for (const std::string_view name : names) add_bits(valid_text(name), bit(list));
}

void KernelSymbols::add_bits(std::string_view name, std::uint8_t bits) {
  if (!is_name(name)) return;
  if (const auto found = names_.find(name); found != names_.end()) {
    found->second |= bits;
  } else if (names_.size() < kMaxNames) {
    names_.emplace(name, bits);
  }
}

std::optional<bool> KernelSymbols::in(SymbolList list, std::string_view name) const {
  if (!knows(list)) return std::nullopt;
  const auto found = names_.find(name);
  return found != names_.end() && (found->second & bit(list)) != 0;
}

std::size_t KernelSymbols::count(SymbolList list) const {
  return static_cast<std::size_t>(
      std::count_if(names_.begin(), names_.end(),
                    [&](const auto& name) { return (name.second & bit(list)) != 0; }));
}

std::vector<std::string> KernelSymbols::starting_with(std::string_view prefix) const {
  std::vector<std::string> found;
  for (auto name = names_.lower_bound(prefix);
       name != names_.end() && name->first.starts_with(prefix); ++name) {
    found.push_back(name->first);
  }
  return found;
}

OrderedJson KernelSymbols::to_json() const {
  std::map<std::uint8_t, OrderedJson> groups;
  for (const auto& [name, bits] : names_) groups[bits].push_back(name);
  OrderedJson names = OrderedJson::object();
  for (auto& [bits, list] : groups) names[word(bits)] = std::move(list);
  OrderedJson known = OrderedJson::array();
  for (const auto& list : kSymbolListWords) {
    if (knows(list.value)) known.push_back(list.word);
  }
  return {{"known", std::move(known)}, {"names", std::move(names)}};
}

KernelSymbols KernelSymbols::from_json(const Json& json, const JsonPlace& place,
                                       JsonProblem& problem) {
  KernelSymbols symbols;
  SymbolRecord record;
  JsonType<SymbolRecord>::read(json, record, place, problem);
  if (problem.found()) return symbols;
  for (const SymbolList list : record.known) symbols.known_ |= bit(list);
  const JsonPlace at{&place, "names"};
  for (auto group = record.names.json->begin(); group != record.names.json->end(); ++group) {
    const auto bits = parse_lists(group.key());
    if (!bits || !group->is_array()) problem.fail(at, fmt::format("unknown '{}'", group.key()));
    if (problem.found()) return symbols;
    for (const Json& name : *group) {
      if (name.is_string()) symbols.add_bits(name.get_ref<const std::string&>(), *bits);
    }
  }
  return symbols;
}

OrderedJson KernelSymbols::schema() { return JsonType<SymbolRecord>::schema(); }

std::vector<std::string_view> names_in_kallsyms(std::string_view text) {
  std::vector<std::string_view> names;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    next_word(line);
    const std::string_view type = next_word(line);
    if (type.size() == 1 && std::string_view("tTwW").find(type) != std::string_view::npos) {
      names.push_back(next_word(line));
    }
  }
  return names;
}

std::vector<std::string_view> names_in_filter_functions(std::string_view text) {
  std::vector<std::string_view> names;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    names.push_back(next_word(line));
  }
  return names;
}

std::vector<std::string_view> names_in_blacklist(std::string_view text) {
  std::vector<std::string_view> names;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    next_word(line);
    names.push_back(next_word(line));
  }
  return names;
}

}  // namespace bpfmatrix
