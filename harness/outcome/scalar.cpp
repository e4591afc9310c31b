#include "outcome/scalar.h"

#include <limits>

namespace bpfmatrix {

OrderedJson scalar_to_json(const Scalar& value) {
  return std::visit([](const auto& inner) { return OrderedJson(inner); }, value);
}

std::optional<Scalar> scalar_from_json(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number_unsigned()) {
    const auto number = json.get<std::uint64_t>();
    if (number > std::numeric_limits<std::int64_t>::max()) return number;
    return static_cast<std::int64_t>(number);
  }
  if (json.is_number_integer()) return json.get<std::int64_t>();
  return std::nullopt;
}

}  // namespace bpfmatrix
