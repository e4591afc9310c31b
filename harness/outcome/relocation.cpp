#include "outcome/relocation.h"

#include <algorithm>

namespace bpfmatrix {

std::string_view to_string(RelocationResult result) {
  switch (result) {
    case RelocationResult::unchanged:
      return "unchanged";
    case RelocationResult::resolved:
      return "resolved";
    case RelocationResult::poisoned:
      return "poisoned";
    case RelocationResult::skipped:
      return "skipped";
    case RelocationResult::failed:
      return "failed";
  }
  return "";
}

std::optional<RelocationResult> parse_relocation_result(std::string_view text) {
  for (const RelocationResult result : kRelocationResults) {
    if (to_string(result) == text) return result;
  }
  return std::nullopt;
}

std::string_view to_string(WitnessResult result) {
  switch (result) {
    case WitnessResult::not_compared:
      return "not_compared";
    case WitnessResult::agrees:
      return "agrees";
    case WitnessResult::disagrees:
      return "disagrees";
  }
  return "";
}

std::optional<WitnessResult> parse_witness_result(std::string_view text) {
  for (const WitnessResult result : kWitnessResults) {
    if (to_string(result) == text) return result;
  }
  return std::nullopt;
}

std::optional<RelocationResult> gravest(const std::vector<RelocationRecord>& relocations) {
  if (relocations.empty()) return std::nullopt;
  return std::max_element(relocations.begin(), relocations.end(),
                          [](const RelocationRecord& a, const RelocationRecord& b) {
                            return a.result < b.result;
                          })
      ->result;
}

}  // namespace bpfmatrix
