#include "analysis/causes/feature_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace bpfmatrix {

namespace {

constexpr std::size_t kNamed = 3;

/// "xdp" -> "BPF_PROG_TYPE_XDP"
std::string program_type(std::string_view name) {
  std::string type = "BPF_PROG_TYPE_";
  for (const char c : name) type += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return type;
}

Ternary has_helper(const Feature* helper, std::string_view type, const KernelFacts& facts) {
  if (helper == nullptr || !helper->id) return Ternary::unknown;
  return facts.helper_for(program_type(type), *helper->id);
}

std::string named(const std::vector<Disagreement>& disagreements, bool has) {
  std::string names;
  std::size_t count = 0;
  for (const Disagreement& one : disagreements) {
    if (one.has != has) continue;
    if (count++ < kNamed)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", one.feature->name);
  }
  if (count == 0) return "";
  return fmt::format("{} {} {} ({}{})", count, count == 1 ? "feature" : "features",
                     has ? "that came later" : "missing that its version should have", names,
                     count > kNamed ? ", ..." : "");
}

}  // namespace

Ternary has_feature(const Feature& feature, const KernelFacts& facts) {
  switch (feature.kind) {
    case FeatureKind::helper:
      return feature.id ? facts.helper(*feature.id) : Ternary::unknown;
    case FeatureKind::kfunc:
      return facts.kfunc(feature.name);
    case FeatureKind::map_type:
    case FeatureKind::program_type:
    case FeatureKind::attach_type:
    case FeatureKind::behaviour:
      return facts.feature(feature.name);
  }
  return Ternary::unknown;
}

Ternary has_feature(std::string_view name, const Features& features, const KernelFacts& facts) {
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    const Feature* helper = features.find(FeatureKind::helper, name.substr(dot + 1));
    return has_helper(helper, name.substr(0, dot), facts);
  }
  const auto found = std::find_if(features.all().begin(), features.all().end(),
                                  [&](const Feature& feature) { return feature.name == name; });
  return found != features.all().end() ? has_feature(*found, facts) : Ternary::unknown;
}

std::vector<Disagreement> check_features(const Features& features, const KernelFacts& facts) {
  const auto kernel = parse_kernel_version(facts.release);
  std::vector<Disagreement> disagreements;
  if (!kernel) return disagreements;
  for (const Feature& feature : features.all()) {
    const Ternary has = has_feature(feature, facts);
    const Ternary claimed = *kernel >= feature.since ? Ternary::yes : Ternary::no;
    if (has != Ternary::unknown && has != claimed) {
      disagreements.push_back({&feature, has == Ternary::yes});
    }
  }
  return disagreements;
}

std::string to_string(const Disagreement& disagreement) {
  const Feature& feature = *disagreement.feature;
  return fmt::format("{}: came in {}.{}, but this kernel {}", feature.name, feature.since.major,
                     feature.since.minor, disagreement.has ? "has it" : "lacks it");
}

std::string summary(const std::vector<Disagreement>& disagreements) {
  const std::string has = named(disagreements, true);
  const std::string lacks = named(disagreements, false);
  if (has.empty() || lacks.empty()) return has + lacks;
  return has + ", " + lacks;
}

}  // namespace bpfmatrix
