#include "outcome/relocation_json.h"

#include <fmt/format.h>

namespace bpfmatrix {

namespace {

using Number = std::optional<std::uint64_t>;

OrderedJson or_null(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

OrderedJson or_null(const Number& number) {
  return number ? OrderedJson(*number) : OrderedJson(nullptr);
}

/// All 64 bits of it: enumerators may be as large.
Number read_number(ObjectReader& reader, std::string_view key) {
  const Json* json = reader.any(key);
  if (json == nullptr) return std::nullopt;
  if (!json->is_number_unsigned()) {
    reader.fail(key, "wanted a number that is not negative");
    return std::nullopt;
  }
  return json->get<std::uint64_t>();
}

std::uint64_t read_required(ObjectReader& reader, std::string_view key) {
  reader.required(key);
  return read_number(reader, key).value_or(0);
}

template <typename Word>
Word read_word(ObjectReader& reader, std::string_view key,
               std::optional<Word> (*parse)(std::string_view)) {
  const std::string text = reader.string(key);
  const std::optional<Word> word = parse(text);
  if (!word) reader.fail(key, fmt::format("unknown word '{}'", text));
  return word.value_or(Word{});
}

}  // namespace

OrderedJson to_json(const RelocationRecord& record) {
  return {{"index", record.index},
          {"function", record.function},
          {"insn", record.insn},
          {"linked_insn", or_null(record.linked_insn)},
          {"kind", record.kind},
          {"local", or_null(record.local)},
          {"local_value", or_null(record.local_value)},
          {"target", or_null(record.target)},
          {"module", or_null(record.module)},
          {"target_value", or_null(record.target_value)},
          {"candidates", record.candidates},
          {"result", to_string(record.result)},
          {"reason", or_null(record.reason)},
          {"witness", to_string(record.witness)},
          {"witness_words", or_null(record.witness_words)}};
}

Result<RelocationRecord> relocation_from_json(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  RelocationRecord record;
  record.index = static_cast<std::uint32_t>(read_required(reader, "index"));
  record.function = reader.string("function");
  record.insn = read_required(reader, "insn");
  record.linked_insn = read_number(reader, "linked_insn");
  record.kind = reader.string("kind");
  record.local = reader.optional_string("local").value_or("");
  record.local_value = read_number(reader, "local_value");
  record.target = reader.optional_string("target").value_or("");
  record.module = reader.optional_string("module").value_or("");
  record.target_value = read_number(reader, "target_value");
  record.candidates = read_required(reader, "candidates");
  record.result = read_word(reader, "result", parse_relocation_result);
  record.reason = reader.optional_string("reason").value_or("");
  record.witness = read_word(reader, "witness", parse_witness_result);
  record.witness_words = reader.optional_string("witness_words").value_or("");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return record;
}

}  // namespace bpfmatrix
