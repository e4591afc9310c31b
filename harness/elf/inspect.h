// ObjectInfo for people and for scripts: what `bpfmatrix inspect` prints.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "elf/object.h"

namespace bpfmatrix {

/// What the object lacks, or has that not everyone takes, and what follows from it: a sentence
/// each.
std::vector<std::string> object_notes(const ObjectInfo& info);

/// Aligned tables, safe for a terminal whatever the names hold.
std::string inspect_text(const ObjectInfo& info, const std::filesystem::path& path);

OrderedJson inspect_json(const ObjectInfo& info, const std::filesystem::path& path);

}  // namespace bpfmatrix
