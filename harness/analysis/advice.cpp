#include "analysis/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bpfmatrix {

namespace {

/// What the verifier calls a helper: "bpf_loop#181", "unknown#208", or its name alone.
const Feature* find_helper(std::string_view subject, const Features& features) {
  const std::size_t hash = subject.find('#');
  if (hash == std::string_view::npos) return features.find(FeatureKind::helper, subject);
  const std::string_view digits = subject.substr(hash + 1);
  std::uint32_t id = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, id);
  return error == std::errc() && rest == end ? features.helper(id) : nullptr;
}

std::string came_in(const Feature& feature) {
  return fmt::format("{} came in {}.{} ({})", feature.text, feature.since.major,
                     feature.since.minor, feature.commit);
}

/// Since when there is such a thing, and what to do without it.
std::string about_missing(const Feature& feature, std::string_view action,
                          const AdviceSubject& subject) {
  std::string text = came_in(feature);
  if (subject.kernel && *subject.kernel >= feature.since) {
    text += fmt::format(", and this kernel is {}: its configuration may lack it",
                        to_string(*subject.kernel));
  }
  if (!action.empty()) text += fmt::format("; without it, {}", action);
  return text;
}

std::string about_missing(const Feature* feature, std::string_view kind, std::string_view name,
                          const AdviceSubject& subject) {
  if (feature != nullptr) return about_missing(*feature, feature->instead, subject);
  return fmt::format("bpfmatrix knows no kernel that has the {} '{}'", kind, name);
}

std::string about_not_allowed(const Feature* helper, std::string_view name, std::string_view type) {
  const std::string what =
      helper != nullptr ? came_in(*helper) + ", but is" : fmt::format("'{}' is", name);
  if (type.empty()) return what + " not for programs of this type";
  return fmt::format("{} not for programs of the type '{}'", what, type);
}

std::string about_cause(Cause cause, const AdviceSubject& subject, const Features& features) {
  const CauseAdvice* advice = features.advice(cause);
  if (advice == nullptr) return "";
  if (cause == Cause::no_kernel_btf && subject.btf_withheld) {
    return "this kernel has BTF, which the BTF source withheld: so it would be on a kernel without";
  }
  const Feature* feature = features.find(FeatureKind::behaviour, advice->feature);
  if (feature == nullptr) return advice->action;
  const std::string& action = advice->action.empty() ? feature->instead : advice->action;
  return about_missing(*feature, action, subject);
}

/// The type of what failed: of a map, else of the program.
std::string_view refused_type(const Outcome& outcome, const ProgramOutcome* program, Cause cause) {
  const bool of_map = cause == Cause::map_type_unknown || cause == Cause::map_create_failed;
  if (!of_map) return program != nullptr ? std::string_view(program->type) : std::string_view();
  const auto map =
      std::find_if(outcome.maps.begin(), outcome.maps.end(),
                   [](const MapOutcome& one) { return one.stage.result == StageResult::failed; });
  return map != outcome.maps.end() ? std::string_view(map->type) : std::string_view();
}

}  // namespace

std::string advice(const Diagnosis& diagnosis, const AdviceSubject& subject,
                   const Features& features) {
  const std::string& name = diagnosis.subject;
  // Only what a kernel can be missing by name has advice of its own.
  if (diagnosis.cause == Cause::helper_unknown) {
    return about_missing(find_helper(name, features), "helper", name, subject);
  }
  if (diagnosis.cause == Cause::kfunc_unknown) {
    return about_missing(features.find(FeatureKind::kfunc, name), "kfunc", name, subject);
  }
  if (diagnosis.cause == Cause::helper_not_allowed) {
    return about_not_allowed(find_helper(name, features), name, subject.type);
  }
  if (diagnosis.cause == Cause::map_type_unknown) {
    const std::string type = map_type_name(subject.type);
    return about_missing(features.find(FeatureKind::map_type, type), "map type", subject.type,
                         subject);
  }
  if (diagnosis.cause == Cause::program_type_unknown) {
    const std::string type = program_type_name(subject.type);
    return about_missing(features.find(FeatureKind::program_type, type), "program type",
                         subject.type, subject);
  }
  return about_cause(diagnosis.cause, subject, features);
}

std::string advice(const Outcome& outcome, const ProgramOutcome* program, const Features& features,
                   const KernelFacts* kernel) {
  const std::optional<Diagnosis> diagnosis =
      diagnose_program(outcome, program != nullptr ? *program : ProgramOutcome{}, kernel);
  if (!diagnosis) return "";
  const AdviceSubject subject{.type = refused_type(outcome, program, diagnosis->cause),
                              .kernel = parse_kernel_version(outcome.kernel.release),
                              .btf_withheld = outcome.kernel.btf_present &&
                                              outcome.btf_source != "kernel" &&
                                              outcome.btf_source != "both"};
  return advice(*diagnosis, subject, features);
}

}  // namespace bpfmatrix
