#include "base/json_quick.h"

#include <simdjson.h>

namespace bpfmatrix {

namespace {

std::optional<Json> from_element(const simdjson::dom::element& element, std::size_t depth) {
  using simdjson::dom::element_type;
  if (depth == kMaxJsonDepth && (element.is_object() || element.is_array())) return std::nullopt;
  switch (element.type()) {
    case element_type::OBJECT: {
      Json json = Json::object();
      auto& members = json.get_ref<Json::object_t&>();
      for (const auto& [key, value] : simdjson::dom::object(element)) {
        std::optional<Json> inner = from_element(value, depth + 1);
        if (!inner || !members.try_emplace(std::string(key), *std::move(inner)).second)
          return std::nullopt;
      }
      return json;
    }
    case element_type::ARRAY: {
      Json json = Json::array();
      const simdjson::dom::array items(element);
      json.get_ref<Json::array_t&>().reserve(items.size());
      for (const simdjson::dom::element& item : items) {
        std::optional<Json> inner = from_element(item, depth + 1);
        if (!inner) return std::nullopt;
        json.push_back(*std::move(inner));
      }
      return json;
    }
    case element_type::STRING:
      return Json(std::string(std::string_view(element)));
    case element_type::INT64: {
      // Json knows numbers that are not negative as unsigned ones.
      const std::int64_t number(element);
      return number < 0 ? Json(number) : Json(static_cast<std::uint64_t>(number));
    }
    case element_type::UINT64:
      return Json(std::uint64_t(element));
    case element_type::BOOL:
      return Json(bool(element));
    case element_type::NULL_VALUE:
      return Json(nullptr);
    case element_type::DOUBLE:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Json> parse_json_quickly(std::string_view text) {
  // One parser keeps its memory for the next text, so not for a large one.
  constexpr std::size_t kMaxKept = std::size_t{1} << 20;
  if (text.size() > kMaxKept) return std::nullopt;
  thread_local simdjson::dom::parser parser;
  const auto parsed = parser.parse(text.data(), text.size());
  if (parsed.error() != simdjson::SUCCESS) return std::nullopt;
  return from_element(parsed.value_unsafe(), 0);
}

}  // namespace bpfmatrix
