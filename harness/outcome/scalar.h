// A value as a program saw it, or as it should have: a number or a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/json_fields.h"

namespace bpfmatrix {

/// Each number has one form only, so that equal means equal: unsigned is for what is too large for
/// the signed one.
using Scalar = std::variant<std::int64_t, std::uint64_t, std::string>;

OrderedJson scalar_to_json(const Scalar& value);
/// Nothing for what is neither an integer of 64 bits nor a text.
std::optional<Scalar> scalar_from_json(const Json& json);

template <>
struct JsonType<Scalar> {
  static void read(const Json& json, Scalar& value, const JsonPlace& place, JsonProblem& problem) {
    std::optional<Scalar> scalar = scalar_from_json(json);
    if (scalar) value = *std::move(scalar);
    if (!scalar) problem.wrong_type(place, "an integer or a text", json);
  }
  static void write(auto& sink, const Scalar& value) { sink.value(scalar_to_json(value)); }
  static OrderedJson schema() { return {{"type", {"integer", "string"}}}; }
};

}  // namespace bpfmatrix
