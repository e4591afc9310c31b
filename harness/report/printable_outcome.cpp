#include "report/printable_outcome.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "base/printable.h"
#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kWithLines[] = {"message", "log_tail", "console_tail", "excerpt",
                                           "last_words"};

Layout layout_of(std::string_view key) {
  const bool lines =
      std::find(std::begin(kWithLines), std::end(kWithLines), key) != std::end(kWithLines);
  return lines ? Layout::lines : Layout::one_line;
}

void make_printable(Json& json, Layout layout) {
  if (json.is_string()) {
    json = printable(json.get_ref<const std::string&>(), layout);
  } else if (json.is_array()) {
    for (Json& item : json) make_printable(item, layout);
  } else if (json.is_object()) {
    for (auto& [key, value] : json.items()) make_printable(value, layout_of(key));
  }
}

}  // namespace

Outcome printable_outcome(const Outcome& outcome) {
  Json json = to_json(outcome);
  make_printable(json, Layout::one_line);
  Result<Outcome> read = outcome_from_json(json, outcome.cell);
  // No field's form depends on a character that is escaped, so this is a bug of ours.
  if (!read) throw std::logic_error(read.error().message);
  return *std::move(read);
}

}  // namespace bpfmatrix
