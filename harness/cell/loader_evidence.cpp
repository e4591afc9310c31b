#include "cell/loader_evidence.h"

#include <fmt/format.h>

#include <charconv>

namespace bpfmatrix {

namespace {

/// The kernel's own limit since 5.2.
constexpr std::size_t kMaxInsns = 1'000'000;
constexpr std::size_t kMaxFunctions = 1024;
constexpr std::size_t kMaxRelocations = 100'000;
constexpr std::size_t kMaxEdits = 4;
constexpr std::size_t kDigits = 16;
constexpr std::size_t kMaxNameBytes = 512;

/// Sixteen hex digits in the order of memory, which is little-endian.
std::optional<std::uint64_t> slot_of(std::string_view digits) {
  std::uint64_t big_endian = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, big_endian, 16);
  if (error != std::errc() || at != end) return std::nullopt;
  return __builtin_bswap64(big_endian);
}

/// As numbers are in the events: signed where they are negative, all 64 bits where they are large.
std::uint64_t read_bits(ObjectReader& reader, std::string_view key) {
  const Json* json = reader.required(key);
  if (json == nullptr) return 0;
  if (json->is_number_unsigned()) return json->get<std::uint64_t>();
  if (json->is_number_integer()) return static_cast<std::uint64_t>(json->get<std::int64_t>());
  reader.fail(key, "wanted an integer");
  return 0;
}

std::uint64_t read_count(ObjectReader& reader, std::string_view key, std::uint64_t limit) {
  const std::int64_t value = reader.integer(key);
  if (value < 0 || static_cast<std::uint64_t>(value) > limit) {
    reader.fail(key, "out of range");
    return 0;
  }
  return static_cast<std::uint64_t>(value);
}

/// Each element of the array `key`, to `take`; what is wrong in one is the parent's error.
template <typename Take>
void each_object(ObjectReader& parent, std::string_view key, std::size_t limit, const Take& take) {
  const Json* list = parent.array(key);
  if (list == nullptr) return;
  if (list->size() > limit) return parent.fail(key, "too many");
  for (std::size_t i = 0; i < list->size(); ++i) {
    ObjectReader reader((*list)[i], fmt::format("{}[{}]", parent.where(key), i));
    take(reader);
    if (const Result<> read = reader.finish(); !read) return parent.adopt(read.error());
  }
}

}  // namespace

void add_insns(ObjectReader& reader, SentProgram& program) {
  const std::string hex = reader.string("hex");
  const std::uint64_t first = read_count(reader, "first", kMaxInsns);
  if (first != program.insns.size()) reader.fail("first", "a piece is missing");
  if (hex.size() % kDigits != 0 || hex.size() / kDigits > kMaxInsns - program.insns.size()) {
    return reader.fail("hex", "no whole instructions, or too many");
  }
  for (std::size_t at = 0; at < hex.size(); at += kDigits) {
    const auto slot = slot_of(std::string_view(hex).substr(at, kDigits));
    if (!slot) return reader.fail("hex", "no hex digits");
    program.insns.push_back(*slot);
  }
  each_object(reader, "functions", kMaxFunctions, [&](ObjectReader& one) {
    program.functions.push_back({read_count(one, "insn", kMaxInsns),
                                 static_cast<std::uint32_t>(read_count(one, "type", UINT32_MAX))});
  });
}

void add_relocation(ObjectReader& reader, std::vector<SaidRelocation>& all) {
  SaidRelocation said;
  said.function = reader.string("function").substr(0, kMaxNameBytes);
  said.index = static_cast<std::uint32_t>(read_count(reader, "index", UINT32_MAX));
  said.insn = read_count(reader, "insn", UINT32_MAX);
  const auto result = parse_word<RelocationResult>(reader.string("result"));
  if (!result) reader.fail("result", "unknown word");
  said.result = result.value_or(RelocationResult::skipped);
  each_object(reader, "edits", kMaxEdits, [&](ObjectReader& one) {
    said.edits.push_back({one.string("field"), read_bits(one, "before"), read_bits(one, "after")});
  });
  if (all.size() == kMaxRelocations) return reader.fail("index", "too many relocations");
  all.push_back(std::move(said));
}

}  // namespace bpfmatrix
