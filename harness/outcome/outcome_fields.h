// An Outcome as one line of outcomes.jsonl, and back. The list of its fields is in
// outcome_fields.cpp; outcome.schema.json is made from it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

OrderedJson to_json(const Outcome& outcome);
/// Without the line's end. What is no UTF-8 in it is escaped.
std::string to_line(const Outcome& outcome);

/// Strict: an unknown key, a missing one or an unknown word is an error that names `where`.
Result<Outcome> outcome_from_json(const Json& json, const std::string& where);
Result<Outcome> outcome_from_line(std::string_view line, const std::string& where);

OrderedJson outcome_schema();

/// The lines of an outcomes.jsonl, or of an outcomes.jsonl.gz. A last line without a line end was
/// being written when the run was killed: it is left out. Error: the file cannot be read, or a line
/// is no outcome.
Result<std::vector<Outcome>> read_outcomes(const std::filesystem::path& file);

}  // namespace bpfmatrix
