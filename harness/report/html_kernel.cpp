#include "report/html_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "analysis/causes/feature_check.h"
#include "analysis/compare/compare.h"
#include "base/ids.h"
#include "base/kernel_version.h"
#include "base/printable.h"

namespace bpfmatrix {

namespace {

/// "debian-5.10-nobtf-x86_64" is of "debian", and a variant "nobtf".
struct KernelName {
  std::string distribution{};
  std::string version{};
  std::string variant{};
};
KernelName name_of(std::string_view id, std::string_view arch) {
  KernelName name;
  if (!arch.empty() && id.ends_with(fmt::format("-{}", arch))) id.remove_suffix(arch.size() + 1);
  std::size_t at = 0;
  while (at < id.size() &&
         !(id[at] == '-' && at + 1 < id.size() && id[at + 1] >= '0' && id[at + 1] <= '9'))
    ++at;
  name.distribution = id.substr(0, at);
  if (at == id.size()) return name;
  const std::size_t end = std::min(id.find('-', at + 1), id.size());
  name.version = id.substr(at + 1, end - at - 1);
  if (end < id.size()) name.variant = id.substr(end + 1);
  return name;
}

std::string origin_of(const OutcomeKernel& kernel) {
  if (kernel.package.empty()) return kernel.origin_kind;
  return fmt::format("{} {} {}", kernel.origin_kind, kernel.package, kernel.version);
}

std::vector<std::string> seen_of(const KernelFacts* facts, const Features* features) {
  std::vector<std::string> seen;
  if (facts == nullptr || features == nullptr) return seen;
  for (const Disagreement& one : check_features(*features, *facts))
    seen.push_back(printable(to_string(one)));
  return seen;
}

/// "debian-5.10-x86_64" says it; empty: this id does not.
std::string arch_of(std::string_view id) {
  for (const Word<Arch>& one : words_of(Arch{})) {
    if (id.ends_with(fmt::format("-{}", one.word))) return std::string(one.word);
  }
  return "";
}

}  // namespace

OrderedJson html_kernel(const std::string& id, const Outcome* outcome, RunKernels* kernels,
                        const Features* features) {
  const OutcomeKernel facts = outcome != nullptr ? outcome->kernel : OutcomeKernel{.id = id};
  const std::string arch = !facts.arch.empty() ? facts.arch : arch_of(id);
  const KernelName name = name_of(id, arch);
  const std::optional<KernelVersion> version = parse_kernel_version(facts.release);
  OrderedJson json{{"id", printable(id)},
                   {"distribution", printable(name.distribution)},
                   {"series", version ? fmt::format("{}.{}", version->major, version->minor)
                                      : printable(name.version)},
                   {"variant", printable(name.variant)},
                   {"arch", printable(arch)},
                   {"release", printable(facts.release)},
                   {"btf_bytes", facts.btf_bytes},
                   {"signed_by", printable(facts.signed_by)},
                   {"sha256", printable(facts.sha256)},
                   {"insns_limit", limits_of(version.value_or(KernelVersion{6, 0, 0})).insns},
                   {"seen", OrderedJson::array()}};
  if (outcome != nullptr) {
    json["origin"] = printable(origin_of(facts));
    if (kernels != nullptr) json["seen"] = seen_of(kernels->of(*outcome), features);
  }
  return json;
}

}  // namespace bpfmatrix
