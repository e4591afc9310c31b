// A value as a program saw it, or as it should have: a number or a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/json.h"

namespace bpfmatrix {

/// Each number has one form only, so that equal means equal: unsigned is for what is too large for
/// the signed one.
using Scalar = std::variant<std::int64_t, std::uint64_t, std::string>;

OrderedJson scalar_to_json(const Scalar& value);
/// Nothing for what is neither an integer of 64 bits nor a text.
std::optional<Scalar> scalar_from_json(const Json& json);

}  // namespace bpfmatrix
