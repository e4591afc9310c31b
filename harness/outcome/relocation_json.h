// Records of relocations, to and from the line of an outcome.
#pragma once

#include <string>

#include "base/json.h"
#include "outcome/relocation.h"

namespace bpfmatrix {

OrderedJson to_json(const RelocationRecord& record);
/// Error: `where`, and the key that is missing, unknown or wrong.
Result<RelocationRecord> relocation_from_json(const Json& json, const std::string& where);

}  // namespace bpfmatrix
