#include "outcome/relocation.h"

#include <algorithm>

namespace bpfmatrix {

std::optional<RelocationResult> gravest(const std::vector<RelocationRecord>& relocations) {
  if (relocations.empty()) return std::nullopt;
  return std::max_element(relocations.begin(), relocations.end(),
                          [](const RelocationRecord& a, const RelocationRecord& b) {
                            return a.result < b.result;
                          })
      ->result;
}

}  // namespace bpfmatrix
