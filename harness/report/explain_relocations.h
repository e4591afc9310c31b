// The relocations of one program, as a table for a person.
#pragma once

#include <string>
#include <vector>

#include "outcome/relocation.h"

namespace bpfmatrix {

/// A line for each, and what its witnesses do not agree on; empty when there are none.
std::string explain_relocations(const std::vector<RelocationRecord>& relocations,
                                const std::string& program);

}  // namespace bpfmatrix
