#include "cell/attach_candidates.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/section_name.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxCandidates = 24;
constexpr std::size_t kMaxNear = 5;

enum class Target { none, system_call, function, tracepoint, raw_tracepoint, lsm_hook, iterator };

struct Method {
  std::string_view name;
  Target target;
};
constexpr Method kMethods[] = {
    {"kprobe", Target::function},         {"kretprobe", Target::function},
    {"kprobe.multi", Target::function},   {"kretprobe.multi", Target::function},
    {"kprobe.session", Target::function}, {"fentry", Target::function},
    {"fexit", Target::function},          {"fmod_ret", Target::function},
    {"ksyscall", Target::system_call},    {"kretsyscall", Target::system_call},
    {"tracepoint", Target::tracepoint},   {"raw_tracepoint", Target::raw_tracepoint},
    {"tp_btf", Target::raw_tracepoint},   {"lsm", Target::lsm_hook},
    {"lsm_cgroup", Target::lsm_hook},     {"iter", Target::iterator},
};

Target target_of(std::string_view method) {
  method = parse_section_name(method).method;
  for (const Method& known : kMethods) {
    if (known.name == method) return known.target;
  }
  return Target::none;
}

/// What the entry of a system call has been called, on the architectures there are.
constexpr std::string_view kSyscallPrefixes[] = {
    "__x64_sys_", "__arm64_sys_", "__ia32_sys_", "__se_sys_", "__do_sys_",
    "ksys_",      "__sys_",       "SyS_",        "sys_",
};

/// "connect" of "__x64_sys_connect"; nothing for what is named like no system call.
std::optional<std::string_view> syscall_of(std::string_view symbol) {
  for (const std::string_view prefix : kSyscallPrefixes) {
    if (symbol.starts_with(prefix) && symbol.size() > prefix.size()) {
      return symbol.substr(prefix.size());
    }
  }
  return std::nullopt;
}

std::string_view without_leading(std::string_view symbol, char c) {
  symbol.remove_prefix(std::min(symbol.find_first_not_of(c), symbol.size()));
  return symbol;
}

AttachCandidate function_candidate(const std::string& symbol, const KernelFacts& facts) {
  return {.symbol = symbol,
          .in_kallsyms = facts.symbols.in(SymbolList::kallsyms, symbol),
          .traceable = facts.symbols.in(SymbolList::traceable, symbol),
          .blacklisted = facts.symbols.in(SymbolList::blacklist, symbol),
          .in_btf = facts.symbols.in(SymbolList::btf, symbol)};
}

AttachCandidate event_candidate(const std::string& event, const KernelFacts& facts) {
  AttachCandidate candidate;
  candidate.symbol = event;
  candidate.is_event = facts.has_tracepoint(event);
  return candidate;
}

bool exists(const AttachCandidate& candidate) {
  return candidate.in_kallsyms.value_or(false) || candidate.in_btf.value_or(false);
}

class FunctionSearch {
 public:
  explicit FunctionSearch(const KernelFacts& facts) : facts_(facts) {}

  void take(const std::string& symbol) { add(symbol, true); }

  void add_system_call(std::string_view call) {
    for (const std::string_view prefix : kSyscallPrefixes) add(std::string(prefix).append(call));
  }

  /// What compilers and macros make of a name, and the name inside of what they made.
  void add_variants(const std::string& symbol) {
    const std::string bare = symbol.substr(0, symbol.find('.'));
    add(bare);
    for (const std::string& part : facts_.symbols.starting_with(bare + ".")) add(part);
    const std::string core(without_leading(bare, '_'));
    for (const char* before : {"", "_", "__"}) add(before + core);
    // Allocation functions that are profiled (6.10) are macros over these.
    add(bare + "_noprof");
  }

  std::vector<AttachCandidate> found() && { return std::move(found_); }

 private:
  void add(const std::string& symbol, bool even_if_missing = false) {
    if (symbol.empty() || found_.size() >= kMaxCandidates) return;
    for (const AttachCandidate& known : found_) {
      if (known.symbol == symbol) return;
    }
    AttachCandidate candidate = function_candidate(symbol, facts_);
    if (even_if_missing || exists(candidate)) found_.push_back(std::move(candidate));
  }

  const KernelFacts& facts_;
  std::vector<AttachCandidate> found_{};
};

std::vector<AttachCandidate> functions(std::string_view asked, const KernelFacts& facts) {
  const std::string symbol(asked.substr(0, asked.find('+')));  // "name+0x10": inside of it
  FunctionSearch search(facts);
  search.take(symbol);
  if (const auto call = syscall_of(symbol)) search.add_system_call(*call);
  search.add_variants(symbol);
  return std::move(search).found();
}

/// Asked by the call's own name: which entry is meant depends on the kernel.
std::vector<AttachCandidate> system_call(std::string_view call, const KernelFacts& facts) {
  FunctionSearch search(facts);
  search.add_system_call(call);
  return std::move(search).found();
}

/// Letters to change, add or leave out to make one of the other.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

bool is_near(std::string_view asked, std::string_view event) {
  constexpr std::size_t kMaxEdits = 2;
  const std::size_t longer = std::max(asked.size(), event.size());
  const std::size_t shorter = std::min(asked.size(), event.size());
  return longer - shorter <= kMaxEdits && edits(asked, event) <= kMaxEdits;
}

std::string_view group_of(std::string_view event) { return event.substr(0, event.find(':')); }
std::string_view name_of(std::string_view event) { return event.substr(event.find(':') + 1); }

/// The same event in another group, and names with a letter or two changed in the same one.
std::vector<AttachCandidate> events(std::string_view asked, const KernelFacts& facts) {
  std::string event(asked);
  std::replace(event.begin(), event.end(), '/', ':');
  std::vector<AttachCandidate> found{event_candidate(event, facts)};
  if (!facts.tracepoints) return found;
  for (const std::string& other : *facts.tracepoints) {
    const bool same_name = name_of(other) == name_of(event);
    const bool near = group_of(other) == group_of(event) && is_near(event, other);
    if (other == event || found.size() > kMaxNear || !(same_name || near)) continue;
    found.push_back(event_candidate(other, facts));
  }
  return found;
}

/// Asked without a group.
std::vector<AttachCandidate> raw_events(std::string_view asked, const KernelFacts& facts) {
  std::vector<AttachCandidate> found;
  std::vector<AttachCandidate> near;
  for (const std::string& event : facts.tracepoints.value_or(std::vector<std::string>())) {
    if (name_of(event) == asked) found.push_back(event_candidate(event, facts));
    if (name_of(event) != asked && is_near(asked, name_of(event)) && near.size() < kMaxNear) {
      near.push_back(event_candidate(event, facts));
    }
  }
  if (!found.empty()) return found;
  // Events can be without a file in tracefs: a name that is missing there proves nothing.
  AttachCandidate itself;
  itself.symbol = std::string(asked);
  near.insert(near.begin(), itself);
  return near;
}

}  // namespace

std::vector<AttachCandidate> attach_candidates(std::string_view method, std::string_view asked,
                                               const KernelFacts& facts) {
  if (asked.empty() || asked.find_first_of("*?") != std::string_view::npos) return {};
  switch (target_of(method)) {
    case Target::function:
      return functions(asked, facts);
    case Target::system_call:
      return system_call(asked, facts);
    case Target::tracepoint:
      return events(asked, facts);
    case Target::raw_tracepoint:
      return raw_events(asked, facts);
    case Target::lsm_hook:
      return {function_candidate("bpf_lsm_" + std::string(asked), facts)};
    case Target::iterator:
      return {function_candidate("bpf_iter_" + std::string(asked), facts)};
    case Target::none:
      break;
  }
  return {};
}

std::vector<AttachCandidate> candidates_of(std::string_view section, std::string_view method,
                                           std::string_view requested, const KernelFacts& facts) {
  const SectionName name = parse_section_name(section);
  return requested.empty() && !name.target.empty()
             ? attach_candidates(name.method, name.target, facts)
             : attach_candidates(method, requested, facts);
}

}  // namespace bpfmatrix
