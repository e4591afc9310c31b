#include "outcome/kernel_facts.h"

#include <algorithm>

#include "base/printable.h"
#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxConfigValue = 4096;
constexpr std::string_view kFeatureGroups[] = {"map_type", "program_type", "attach_type",
                                               "behaviour"};

Ternary to_ternary(const std::optional<bool>& known) {
  if (!known) return Ternary::unknown;
  return *known ? Ternary::yes : Ternary::no;
}

bool contains(const std::vector<std::uint32_t>& sorted, std::uint32_t id) {
  return std::find(sorted.begin(), sorted.end(), id) != sorted.end();
}

}  // namespace

ProbedFact KernelFacts::probe(std::string_view group, std::string_view name) const {
  const auto facts = probed.find(std::string(group));
  if (facts == probed.end()) return {};
  const auto fact = facts->second.find(std::string(name));
  return fact != facts->second.end() ? fact->second : ProbedFact{};
}

Ternary KernelFacts::feature(std::string_view name) const {
  Ternary answer = Ternary::unknown;
  for (const std::string_view group : kFeatureGroups) {
    const Ternary one = probe(group, name).answer;
    if (one != Ternary::unknown) answer = one;
  }
  return answer;
}

Ternary KernelFacts::map_type_number(std::uint32_t number) const {
  const auto count = numbers.find("map_type_count");
  return count != numbers.end() && number >= count->second ? Ternary::no : Ternary::unknown;
}

Ternary KernelFacts::helper(std::uint32_t id) const {
  if (helper_count && id > *helper_count) return Ternary::no;
  const bool some = std::any_of(helpers.begin(), helpers.end(), [&](const auto& type) {
    return contains(type.second.allowed, id);
  });
  // It has a number; that none of the types that could be asked may call it proves nothing.
  return some ? Ternary::yes : Ternary::unknown;
}

Ternary KernelFacts::helper_for(std::string_view program_type, std::uint32_t id) const {
  if (probe("program_type", program_type).answer == Ternary::no) return Ternary::no;
  if (helper_count && id > *helper_count) return Ternary::no;
  const auto type = helpers.find(std::string(program_type));
  if (type == helpers.end() || contains(type->second.unknown, id)) return Ternary::unknown;
  return contains(type->second.allowed, id) ? Ternary::yes : Ternary::no;
}

Ternary KernelFacts::kfunc(std::string_view name) const {
  if (probe("behaviour", "kfunc_calls").answer == Ternary::no) return Ternary::no;
  if (symbols.in(SymbolList::btf, name).value_or(false)) return Ternary::yes;
  // It may be a module's.
  return feature("vmlinux_btf") == Ternary::no ? Ternary::no : Ternary::unknown;
}

Ternary KernelFacts::configured(std::string_view option) const {
  if (!config) return Ternary::unknown;
  const auto value = config->find(std::string(option));
  const bool set = value != config->end() && (value->second == "y" || value->second == "m");
  return set ? Ternary::yes : Ternary::no;
}

Ternary KernelFacts::symbol(std::string_view name) const {
  return to_ternary(symbols.in(SymbolList::kallsyms, name));
}

std::optional<bool> KernelFacts::has_tracepoint(std::string_view event) const {
  if (!tracepoints) return std::nullopt;
  return std::find(tracepoints->begin(), tracepoints->end(), event) != tracepoints->end();
}

std::optional<bool> KernelFacts::memlock_limited() const {
  const Ternary by_cgroup = feature("memcg_accounting");
  const auto limit = numbers.find("memlock_limit");
  if (by_cgroup == Ternary::yes) return false;
  if (by_cgroup == Ternary::unknown || limit == numbers.end()) return std::nullopt;
  return limit->second >= 0;
}

std::optional<bool> KernelFacts::locked_down() const {
  const auto lockdown = options.find("lockdown");
  if (lockdown == options.end()) return std::nullopt;
  return lockdown->second != "none";
}

void fields(auto& field, Of<ProbedFact> auto& f) {
  field("answer", f.answer, "what the kernel answered");
  field("errno", null_if_empty(f.errno_name),
        "the errno of the answer; null if the kernel has it or was not asked");
}

void fields(auto& field, Of<HelperFacts> auto& h) {
  field("allowed", h.allowed, "by number");
  field("unknown", h.unknown, "by number");
}

void fields(auto& field, Of<KernelFacts> auto& f) {
  field.constant("schema", kKernelFactsSchema, "version of this format");
  field("release", f.release, "uname -r");
  field("arch", f.arch, "uname -m");
  field("cmdline", f.cmdline, "what the kernel was booted with");
  field("probe_ms", f.probe_ms, "how long the probe ran");
  field("probed", f.probed,
        "by group and name, what the kernel answered. map_type, program_type, attach_type; attach: "
        "ways to attach, tried; btf_kind: kinds that BPF_BTF_LOAD accepts from an object; "
        "behaviour: behaviours of kernels/features.json, and kfunc_calls");
  field("helper_count", f.helper_count, "helpers are numbered from 1 to this");
  field("helpers", f.helpers,
        "by program type, what its programs may call; a number in neither list they may not call. "
        "Only a few types are asked for every helper, the others for what none of these may call");
  field("numbers", f.numbers,
        "memlock_limit: bytes a loader may lock, -1 if without limit. page_bytes. map_type_count: "
        "map types are numbered below it");
  field("options", f.options,
        "of the running kernel, as far as it shows them: version, jit, jit_harden, "
        "unprivileged_bpf_disabled, kptr_restrict, perf_event_paranoid, ftrace_enabled, lsm, "
        "lockdown");
  field("config", f.config, "config options that are set, without CONFIG_; null: not known");
  field("tracepoints", f.tracepoints, "GROUP:NAME; null: not known");
  field("symbols", f.symbols, "symbols of functions");
}

OrderedJson to_json(const KernelFacts& facts) { return to_json_tree(facts); }

std::string to_text(const KernelFacts& facts) { return to_json_text(facts) + "\n"; }

Result<KernelFacts> kernel_facts_from_json(const Json& json, const std::string& where) {
  return from_json<KernelFacts>(json, where);
}

OrderedJson kernel_facts_schema() {
  return json_schema<KernelFacts>(
      "bpfmatrix kernel facts, schema 2: kernels/SHA256.json.gz of a run directory",
      "What one kernel is, measured in a guest of it. What could not be found out is 'unknown' or "
      "null, and never 'no'.");
}

std::map<std::string, std::string> parse_kernel_config(std::string_view text) {
  constexpr std::string_view kPrefix = "CONFIG_";
  std::map<std::string, std::string> options;
  for (std::string_view line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (!line.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    line.remove_prefix(kPrefix.size());
    options.emplace(
        valid_text(line.substr(0, equals - kPrefix.size())),
        valid_text(line.substr(equals - kPrefix.size() + 1).substr(0, kMaxConfigValue)));
  }
  return options;
}

}  // namespace bpfmatrix
