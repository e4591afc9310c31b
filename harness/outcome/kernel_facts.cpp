#include "outcome/kernel_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxConfigValue = 4096;
constexpr std::string_view kFeatureGroups[] = {"map_type", "program_type", "attach_type",
                                               "behaviour"};

constexpr std::array kTruths{Truth::no, Truth::yes, Truth::unknown};
std::string_view word(Truth truth) {
  switch (truth) {
    case Truth::no:
      return "no";
    case Truth::yes:
      return "yes";
    case Truth::unknown:
      return "unknown";
  }
  return "";
}

Truth to_truth(const std::optional<bool>& known) {
  if (!known) return Truth::unknown;
  return *known ? Truth::yes : Truth::no;
}

bool contains(const std::vector<std::uint32_t>& sorted, std::uint32_t id) {
  return std::find(sorted.begin(), sorted.end(), id) != sorted.end();
}

template <typename T>
OrderedJson or_null(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

}  // namespace

ProbedFact KernelFacts::probe(std::string_view group, std::string_view name) const {
  const auto facts = probed.find(std::string(group));
  if (facts == probed.end()) return {};
  const auto fact = facts->second.find(std::string(name));
  return fact != facts->second.end() ? fact->second : ProbedFact{};
}

Truth KernelFacts::feature(std::string_view name) const {
  Truth answer = Truth::unknown;
  for (const std::string_view group : kFeatureGroups) {
    const Truth one = probe(group, name).answer;
    if (one != Truth::unknown) answer = one;
  }
  return answer;
}

Truth KernelFacts::map_type_number(std::uint32_t number) const {
  const auto count = numbers.find("map_type_count");
  return count != numbers.end() && number >= count->second ? Truth::no : Truth::unknown;
}

Truth KernelFacts::helper(std::uint32_t id) const {
  if (helper_count && id > *helper_count) return Truth::no;
  const bool some = std::any_of(helpers.begin(), helpers.end(), [&](const auto& type) {
    return contains(type.second.allowed, id);
  });
  // It has a number; that none of the types that could be asked may call it proves nothing.
  return some ? Truth::yes : Truth::unknown;
}

Truth KernelFacts::helper_for(std::string_view program_type, std::uint32_t id) const {
  if (probe("program_type", program_type).answer == Truth::no) return Truth::no;
  if (helper_count && id > *helper_count) return Truth::no;
  const auto type = helpers.find(std::string(program_type));
  if (type == helpers.end() || contains(type->second.unknown, id)) return Truth::unknown;
  return contains(type->second.allowed, id) ? Truth::yes : Truth::no;
}

Truth KernelFacts::kfunc(std::string_view name) const {
  if (probe("behaviour", "kfunc_calls").answer == Truth::no) return Truth::no;
  if (symbols.in(SymbolList::btf, name).value_or(false)) return Truth::yes;
  // It may be a module's.
  return feature("vmlinux_btf") == Truth::no ? Truth::no : Truth::unknown;
}

Truth KernelFacts::configured(std::string_view option) const {
  if (!config) return Truth::unknown;
  const auto value = config->find(std::string(option));
  const bool set = value != config->end() && (value->second == "y" || value->second == "m");
  return set ? Truth::yes : Truth::no;
}

Truth KernelFacts::symbol(std::string_view name) const {
  return to_truth(symbols.in(SymbolList::kallsyms, name));
}

std::optional<bool> KernelFacts::has_tracepoint(std::string_view event) const {
  if (!tracepoints) return std::nullopt;
  return std::find(tracepoints->begin(), tracepoints->end(), event) != tracepoints->end();
}

std::optional<bool> KernelFacts::memlock_limited() const {
  const Truth by_cgroup = feature("memcg_accounting");
  const auto limit = numbers.find("memlock_limit");
  if (by_cgroup == Truth::yes) return false;
  if (by_cgroup == Truth::unknown || limit == numbers.end()) return std::nullopt;
  return limit->second >= 0;
}

std::optional<bool> KernelFacts::locked_down() const {
  const auto lockdown = settings.find("lockdown");
  if (lockdown == settings.end()) return std::nullopt;
  return lockdown->second != "none";
}

OrderedJson to_json(const KernelFacts& facts) {
  OrderedJson probed = OrderedJson::object();
  for (const auto& [group, answers] : facts.probed) {
    for (const auto& [name, fact] : answers) {
      probed[group][name] = {
          {"answer", word(fact.answer)},
          {"errno", fact.errno_name.empty() ? OrderedJson(nullptr) : OrderedJson(fact.errno_name)}};
    }
  }
  OrderedJson helpers = OrderedJson::object();
  for (const auto& [type, one] : facts.helpers) {
    helpers[type] = {{"allowed", one.allowed}, {"unknown", one.unknown}};
  }
  return {{"schema", kKernelFactsSchema},
          {"release", facts.release},
          {"arch", facts.arch},
          {"cmdline", facts.cmdline},
          {"probe_ms", facts.probe_ms},
          {"probed", std::move(probed)},
          {"helper_count", or_null(facts.helper_count)},
          {"helpers", std::move(helpers)},
          {"numbers", facts.numbers},
          {"settings", facts.settings},
          {"config", or_null(facts.config)},
          {"tracepoints", or_null(facts.tracepoints)},
          {"symbols", facts.symbols.to_json()}};
}

namespace {

class FactsReader {
 public:
  FactsReader(const Json& json, const std::string& where) : reader_(json, where) {}

  Result<KernelFacts> read() {
    KernelFacts facts;
    if (reader_.integer("schema") != kKernelFactsSchema) reader_.fail("schema", "only 1 is known");
    facts.release = reader_.string("release");
    facts.arch = reader_.string("arch");
    facts.cmdline = reader_.string("cmdline");
    facts.probe_ms = reader_.integer("probe_ms");
    facts.probed = read_probed();
    if (const auto count = reader_.optional_integer("helper_count")) {
      facts.helper_count = static_cast<std::uint32_t>(*count);
    }
    facts.helpers = read_helpers();
    facts.numbers = read_map<std::int64_t>("numbers").value_or(Numbers());
    facts.settings = read_map<std::string>("settings").value_or(Texts());
    facts.config = read_map<std::string>("config");
    facts.tracepoints = reader_.optional_strings("tracepoints");
    if (const Json* symbols = reader_.required("symbols")) {
      facts.symbols = KernelSymbols::from_json(*symbols, reader_, "symbols");
    }
    if (Result<> done = reader_.finish(); !done) return std::move(done).error();
    return facts;
  }

 private:
  using Numbers = std::map<std::string, std::int64_t>;
  using Texts = std::map<std::string, std::string>;

  /// Reads each entry of an object with `read`.
  template <typename Read>
  void each(const Json* json, const std::string& where, Read read) {
    if (json == nullptr) return;
    for (auto entry = json->begin(); entry != json->end(); ++entry) {
      const std::string inner_where = fmt::format("{}.{}", where, entry.key());
      ObjectReader inner(*entry, inner_where);
      read(entry.key(), inner);
      if (const Result<> done = inner.finish(); !done) reader_.adopt(done.error());
    }
  }

  std::map<std::string, std::map<std::string, ProbedFact>> read_probed() {
    std::map<std::string, std::map<std::string, ProbedFact>> probed;
    const Json* groups = reader_.object("probed");
    if (groups == nullptr) return probed;
    for (auto group = groups->begin(); group != groups->end(); ++group) {
      const std::string where = reader_.where("probed." + group.key());
      each(&*group, where, [&](const std::string& name, ObjectReader& inner) {
        ProbedFact fact{read_truth(inner), inner.optional_string("errno").value_or("")};
        probed[group.key()].emplace(name, std::move(fact));
      });
    }
    return probed;
  }

  static Truth read_truth(ObjectReader& reader) {
    const std::string text = reader.string("answer");
    for (const Truth truth : kTruths) {
      if (word(truth) == text) return truth;
    }
    reader.fail("answer", fmt::format("unknown word '{}'", text));
    return Truth::unknown;
  }

  std::map<std::string, HelperFacts> read_helpers() {
    std::map<std::string, HelperFacts> helpers;
    each(reader_.object("helpers"), reader_.where("helpers"),
         [&](const std::string& type, ObjectReader& inner) {
           helpers[type] = {read_ids(inner, "allowed"), read_ids(inner, "unknown")};
         });
    return helpers;
  }

  static std::vector<std::uint32_t> read_ids(ObjectReader& reader, std::string_view key) {
    std::vector<std::uint32_t> ids;
    const Json* list = reader.array(key);
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      if (!(*list)[i].is_number_unsigned()) reader.fail(key, "wanted numbers");
      if (reader.failed()) break;
      ids.push_back((*list)[i].get<std::uint32_t>());
    }
    return ids;
  }

  template <typename Value>
  static bool fits(const Json& json) {
    return std::is_same_v<Value, std::string> ? json.is_string() : json.is_number_integer();
  }

  template <typename Value>
  std::optional<std::map<std::string, Value>> read_map(std::string_view key) {
    const Json* json = reader_.any(key);
    if (json == nullptr) return std::nullopt;
    std::map<std::string, Value> values;
    if (!json->is_object()) reader_.fail(key, "wanted an object");
    for (auto entry = json->begin(); !reader_.failed() && entry != json->end(); ++entry) {
      if (!fits<Value>(*entry)) {
        reader_.fail(key, fmt::format("'{}': wrong type", entry.key()));
      } else {
        values.emplace(entry.key(), entry->template get<Value>());
      }
    }
    return values;
  }

  ObjectReader reader_;
};

}  // namespace

Result<KernelFacts> kernel_facts_from_json(const Json& json, const std::string& where) {
  return FactsReader(json, where).read();
}

std::map<std::string, std::string> parse_kernel_config(std::string_view text) {
  constexpr std::string_view kPrefix = "CONFIG_";
  std::map<std::string, std::string> options;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (!line.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    line.remove_prefix(kPrefix.size());
    options.emplace(line.substr(0, equals - kPrefix.size()),
                    line.substr(equals - kPrefix.size() + 1).substr(0, kMaxConfigValue));
  }
  return options;
}

}  // namespace bpfmatrix
