#include "outcome/probe_record.h"

#include <fmt/format.h>

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxAnswers = 16384;
constexpr std::size_t kMaxHelperTypes = 256;
constexpr std::int64_t kMaxHelper = 4096;

Ternary read_answer(ObjectReader& reader) {
  const std::string text = reader.string("answer");
  const auto answer = parse_word<Ternary>(text);
  if (!answer) reader.fail("answer", fmt::format("unknown word '{}'", text));
  return answer.value_or(Ternary::unknown);
}

std::uint32_t helper_number(ObjectReader& reader, std::string_view key, std::int64_t value) {
  if (value < 1 || value > kMaxHelper) reader.fail(key, "no number of a helper");
  return static_cast<std::uint32_t>(value);
}

std::vector<std::uint32_t> read_ids(ObjectReader& reader, std::string_view key) {
  std::vector<std::uint32_t> ids;
  const Json* list = reader.array(key);
  for (std::size_t i = 0; list != nullptr && i < list->size() && !reader.failed(); ++i) {
    const Json& id = (*list)[i];
    ids.push_back(helper_number(reader, key, id.is_number_unsigned() ? id.get<std::int64_t>() : 0));
  }
  return ids;
}

}  // namespace

Result<> ProbeRecord::add(std::string_view line) {
  const Result<Json> json = parse_json(line, "probe");
  if (!json) return json.error();
  if (!json->is_object() || done_) return Error{"'probe': an unexpected message"};
  if (++answers_ > kMaxAnswers) return Error{"'probe': too many messages"};
  ObjectReader reader(*json, "probe");
  if (json->contains("probed")) {
    add_answer(reader);
  } else if (json->contains("helpers_of")) {
    add_helpers(reader);
  } else if (json->contains("helper_count")) {
    parts_.helper_count = helper_number(reader, "helper_count", reader.integer("helper_count"));
  } else if (json->contains("number")) {
    const std::string name = reader.string("number");
    parts_.numbers[name] = reader.integer("value");
  } else {
    done_ = reader.boolean("done");
  }
  return reader.finish();
}

void ProbeRecord::add_answer(ObjectReader& reader) {
  const std::string name = reader.string("probed");
  const std::string group = reader.string("group");
  parts_.probed[group][name] = {read_answer(reader), reader.optional_string("errno").value_or("")};
}

void ProbeRecord::add_helpers(ObjectReader& reader) {
  const std::string type = reader.string("helpers_of");
  if (parts_.helpers.size() >= kMaxHelperTypes) reader.fail("helpers_of", "too many types");
  parts_.helpers[type] = {read_ids(reader, "allowed"), read_ids(reader, "unknown")};
}

void ProbeRecord::move_into(KernelFacts& facts) {
  facts.probed = std::move(parts_.probed);
  facts.helper_count = parts_.helper_count;
  facts.helpers = std::move(parts_.helpers);
  facts.numbers = std::move(parts_.numbers);
}

}  // namespace bpfmatrix
