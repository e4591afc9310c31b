#include "cell/observation.h"

#include <algorithm>
#include <array>

#include "base/section_name.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kHits = "hits";
constexpr std::array<std::string_view, 3> kArguments = {"fd", "port", "addr"};

struct Name {
  std::string_view base{};
  /// What stands behind the two underscores, if anything.
  std::string_view way{};
};

Name split(std::string_view name) {
  const std::size_t at = name.find("__");
  if (at == std::string_view::npos) return {name, {}};
  return {name.substr(0, at), name.substr(at + 2)};
}

/// Of the values that came this way: none, all right, or not.
struct Way {
  int right = 0;
  int wrong = 0;
  bool holds() const { return right > 0 && wrong == 0; }
  bool known() const { return right + wrong > 0; }
};

Scalar to_scalar(const NamedValues::mapped_type& value) {
  return std::visit([](const auto& inner) { return Scalar(inner); }, value);
}

}  // namespace

ExpectedValues expected_values(const std::optional<Triggered>& triggered,
                               const NamedValues& of_case) {
  if (!triggered) return {};
  ExpectedValues expected{triggered->texts.begin(), triggered->texts.end()};
  expected.insert(triggered->numbers.begin(), triggered->numbers.end());
  for (const auto& [name, value] : of_case) expected.emplace(name, to_scalar(value));
  return expected;
}

std::optional<std::uint64_t> fired_count(const std::vector<ObservedValue>& values,
                                         std::string_view program) {
  for (const ObservedValue& value : values) {
    const Name name = split(value.name);
    if (name.base != kHits || name.way != program) continue;
    if (const auto* hits = std::get_if<std::int64_t>(&value.value); hits != nullptr && *hits >= 0) {
      return static_cast<std::uint64_t>(*hits);
    }
    if (const auto* hits = std::get_if<std::uint64_t>(&value.value)) return *hits;
  }
  return std::nullopt;
}

std::vector<ObservedValue> compare(const std::vector<SaidValue>& values,
                                   const ExpectedValues& expected) {
  std::vector<ObservedValue> compared;
  for (const SaidValue& value : values) compared.push_back({value.name, value.value});
  const bool never_fired = fired_count(compared) == 0U;
  for (ObservedValue& value : compared) {
    const std::string_view base = split(value.name).base;
    if (base == kHits) continue;
    const auto known = expected.find(base);
    if (known != expected.end()) value.expected = known->second;
    if (never_fired) {
      value.result = ObservedResult::absent;
    } else if (value.expected) {
      value.result = value.value == *value.expected ? ObservedResult::right : ObservedResult::wrong;
    }
  }
  return compared;
}

ArgumentsSeen arguments_seen(const std::vector<ObservedValue>& values, std::string_view program) {
  Way direct;
  Way wrapped;
  for (const ObservedValue& value : values) {
    const Name name = split(value.name);
    if (std::find(kArguments.begin(), kArguments.end(), name.base) == kArguments.end()) continue;
    if (!program.empty() && name.way != program) continue;
    Way& way = name.way == "wrapped" ? wrapped : direct;
    if (value.result == ObservedResult::right) ++way.right;
    if (value.result == ObservedResult::wrong) ++way.wrong;
  }
  if (direct.holds()) return ArgumentsSeen::direct;
  if (wrapped.holds()) return ArgumentsSeen::wrapped;
  return direct.known() || wrapped.known() ? ArgumentsSeen::wrong : ArgumentsSeen::unknown;
}

bool is_syscall_probe(std::string_view section) {
  const SectionName name = parse_section_name(section);
  if (name.target.empty()) return false;
  if (name.method == "ksyscall" || name.method == "kretsyscall") return true;
  // "kprobe/__x64_sys_connect", "fentry/__sys_connect", "tp/syscalls/sys_enter_connect".
  const std::string_view symbol = name.target.substr(name.target.rfind('/') + 1);
  const std::size_t at = symbol.find("sys_");
  return at != std::string_view::npos && (at == 0 || symbol[at - 1] == '_');
}

}  // namespace bpfmatrix
