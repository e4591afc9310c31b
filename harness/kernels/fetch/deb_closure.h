// Which packages a package needs to run, by its fields Depends and Pre-Depends (Debian Policy 7).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/fetch/packages_index.h"

namespace bpfmatrix {

/// The packages of these names in their newest versions, in the order given, then all that they
/// depend on, each once. Of alternatives the first that is there: a package of that name in a
/// version that fits, else the first in the index that provides it. What is taken already comes
/// before that. Recommends are not followed, and Essential packages come by dependency only.
/// Error: there is no such package, with names like it; a dependency that nothing meets, and whose
/// it is; more than 1024 packages.
Result<std::vector<DebPackage>> follow_depends(const std::vector<DebPackage>& packages,
                                               const std::vector<std::string>& names);

}  // namespace bpfmatrix
