#include "repro/nearest_kernel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxOptionsNamed = 8;

struct NameSign {
  const char* text;
  const char* distribution;
};
/// In the order in which they are looked for: Ubuntu's "-generic" says less than a name.
constexpr NameSign kNameSigns[] = {
    {"Ubuntu", "ubuntu"},   {"Debian", "debian"}, {"debian", "debian"},   {"sid-", "debian"},
    {"centos", "el"},       {".el7", "el"},       {".el8", "el"},         {".el9", "el"},
    {".fc", "fedora"},      {".amzn", "amazon"},  {"OpenWrt", "openwrt"}, {"openwrt", "openwrt"},
    {"-default", "suse"},   {"-arch", "arch"},    {"+deb", "debian"},     {"-cloud-", "debian"},
    {"-generic", "ubuntu"}, {"-azure", "ubuntu"}, {"-aws", "ubuntu"},     {"-gcp", "ubuntu"},
    {"-amd64", "debian"},   {"-arm64", "debian"}, {"linux-", "vanilla"},
};

/// What decides whether a BPF program loads, attaches and reads right.
constexpr const char* kOptionsThatMatter[] = {
    "BPF",
    "BPF_EVENTS",
    "BPF_JIT",
    "BPF_JIT_ALWAYS_ON",
    "BPF_KPROBE_OVERRIDE",
    "BPF_LSM",
    "BPF_STREAM_PARSER",
    "BPF_SYSCALL",
    "BPF_UNPRIV_DEFAULT_OFF",
    "CGROUP_BPF",
    "DEBUG_INFO_BTF",
    "DEBUG_INFO_BTF_MODULES",
    "DYNAMIC_FTRACE",
    "FPROBE",
    "FTRACE_SYSCALLS",
    "FUNCTION_ERROR_INJECTION",
    "FUNCTION_TRACER",
    "KALLSYMS_ALL",
    "KPROBES",
    "KPROBE_EVENTS",
    "LWTUNNEL_BPF",
    "NET_ACT_BPF",
    "NET_CLS_ACT",
    "NET_CLS_BPF",
    "NET_SCH_INGRESS",
    "NETFILTER_BPF_LINK",
    "PERF_EVENTS",
    "PREEMPT",
    "PREEMPT_RT",
    "SECURITY_LOCKDOWN_LSM",
    "SMP",
    "TRACEPOINTS",
    "UPROBE_EVENTS",
    "XDP_SOCKETS",
};

/// How many releases lie between the first of all and this one: 4.20, 5.19 and 6.19 were the last
/// of their kind.
int position(const KernelVersion& version) {
  switch (version.major) {
    case 5:
      return 21 + version.minor;
    case 6:
      return 41 + version.minor;
    case 7:
      return 61 + version.minor;
    default:
      return version.major < 5 ? version.minor - 20 * (4 - version.major)
                               : 20 * (version.major - 4) + 1 + version.minor;
  }
}

int distance(const Box& box, const KernelCandidate& candidate) {
  constexpr int kFar = 1'000'000;
  if (!candidate.version) return kFar;
  return std::abs(position(box.version) - position(*candidate.version));
}

std::size_t options_that_differ(const Box& box, const KernelCandidate& candidate) {
  if (!box.config || !candidate.config) return 0;
  return config_differences(*box.config, *candidate.config).size();
}

/// BTF that is there can be hidden; where there is none nothing can be relocated, which is worse
/// than a kernel that is some releases away.
int releases_for_btf(const Box& box, const KernelCandidate& candidate) {
  constexpr int kReleases = 10;
  return box.btf == true && candidate.btf == false ? kReleases : 0;
}

/// Less is nearer.
auto rank(const Box& box, const KernelCandidate& candidate) {
  const bool another_release = candidate.release != box.release;
  const bool another_distribution =
      box.distribution.empty() || candidate.distribution != box.distribution;
  const bool other_btf = box.btf && candidate.btf && *box.btf != *candidate.btf;
  const int patch = candidate.version ? std::abs(box.version.patch - candidate.version->patch) : 0;
  const int apart = distance(box, candidate) + releases_for_btf(box, candidate);
  return std::make_tuple(another_release, apart, other_btf, another_distribution,
                         candidate.release.empty(), options_that_differ(box, candidate), patch);
}

std::string release_reason(const Box& box, const KernelCandidate& candidate) {
  const std::string here = candidate.release.empty() ? candidate.id : candidate.release;
  const std::string both = fmt::format("{} for {}", here, box.release);
  if (candidate.release == box.release) return both + ": the same";
  const int apart = distance(box, candidate);
  if (!candidate.version) return both + ": its version is not known";
  if (apart > 0) return fmt::format("{}: {} release{} apart", both, apart, apart == 1 ? "" : "s");
  return both + ": the same series, other fixes";
}

std::string distribution_reason(const Box& box, const KernelCandidate& candidate) {
  if (box.distribution.empty()) return "not known of that machine";
  if (candidate.distribution == box.distribution) return box.distribution + ", the same";
  return fmt::format("{} for {}: other patches and another configuration",
                     candidate.distribution.empty() ? "unknown" : candidate.distribution,
                     box.distribution);
}

std::string btf_reason(const Box& box, const KernelCandidate& candidate) {
  if (!box.btf) return "not known of that machine";
  const std::string there = *box.btf ? "has BTF there" : "has none there";
  if (!candidate.btf) return there + ", not known here yet";
  return there + (*candidate.btf == *box.btf ? ", and here"
                  : *candidate.btf           ? ", has it here"
                                             : ", none here");
}

std::string config_reason(const Box& box, const KernelCandidate& candidate) {
  if (!box.config) return "not sent";
  if (!candidate.config) return "not known here";
  std::vector<std::string> found = config_differences(*box.config, *candidate.config);
  const std::size_t all = found.size();
  if (all == 0)
    return fmt::format("the same in all {} options that matter", std::size(kOptionsThatMatter));
  if (all > kMaxOptionsNamed) found.resize(kMaxOptionsNamed);
  return fmt::format("{} of {} options that matter differ: {}{}", all,
                     std::size(kOptionsThatMatter), fmt::join(found, "; "),
                     all > kMaxOptionsNamed ? "; ..." : "");
}

}  // namespace

Result<Box> read_uname(std::string_view text) {
  Box box;
  for (const std::string_view word : words(text)) {
    if (const auto arch = parse_arch(word)) box.arch = arch;
    const auto version = parse_kernel_version(word);
    if (!box.release.empty() || !version) continue;
    box.release = word;
    box.version = *version;
  }
  if (box.release.empty()) {
    return Error{fmt::format("--uname '{}': no release of a kernel in it", text),
                 "what 'uname -a' prints on that machine"};
  }
  box.distribution = distribution_of(text);
  return box;
}

std::string distribution_of(std::string_view text) {
  for (const NameSign& sign : kNameSigns) {
    if (text.find(sign.text) != std::string_view::npos) return sign.distribution;
  }
  return "";
}

std::vector<std::string> config_differences(const KernelConfig& there, const KernelConfig& here) {
  const auto value = [](const KernelConfig& config, const char* option) {
    const auto found = config.find(option);
    return found == config.end() ? std::string("n") : found->second;
  };
  std::vector<std::string> differ;
  for (const char* option : kOptionsThatMatter) {
    const std::string a = value(there, option);
    const std::string b = value(here, option);
    if (a != b) differ.push_back(fmt::format("{}: {}, here {}", option, a, b));
  }
  return differ;
}

Result<NearKernel> nearest_kernel(const Box& box, const std::vector<KernelCandidate>& candidates) {
  const auto nearest =
      std::min_element(candidates.begin(), candidates.end(),
                       [&](const KernelCandidate& one, const KernelCandidate& other) {
                         return rank(box, one) < rank(box, other);
                       });
  if (nearest == candidates.end()) return Error{"there is no kernel of that architecture"};
  NearKernel near{.id = nearest->id};
  near.reasons = {{"release", release_reason(box, *nearest)},
                  {"distribution", distribution_reason(box, *nearest)},
                  {"BTF", btf_reason(box, *nearest)},
                  {"config", config_reason(box, *nearest)}};
  return near;
}

}  // namespace bpfmatrix
