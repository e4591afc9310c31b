#include "guest/loader/common/relocation_log.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace bpfmatrix::guest {

namespace {

constexpr std::string_view kPatched = ": patched insn #";
constexpr std::string_view kPoisoned = ": substituting insn #";
constexpr std::string_view kFailed[] = {": failed to relocate: ", ": failed to patch insn #"};

/// The number that `text` begins with, which is then cut off; a negative one as its 64 bits.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  const char* end = text.data() + text.size();
  std::uint64_t number = 0;
  std::from_chars_result read{};
  if (text.starts_with('-')) {
    std::int64_t negative = 0;
    read = std::from_chars(text.data(), end, negative);
    number = static_cast<std::uint64_t>(negative);
  } else {
    read = std::from_chars(text.data(), end, number);
  }
  if (read.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return number;
}

/// "(ALU/ALU64) imm 4 -> 2336"
std::optional<RelocationEdit> edit_in(std::string_view text) {
  const std::size_t close = text.find(") ");
  if (close == std::string_view::npos) return std::nullopt;
  text.remove_prefix(close + 2);
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  RelocationEdit edit{.field = std::string(text.substr(0, space))};
  text.remove_prefix(space + 1);
  const auto before = take_number(text);
  if (!before || !text.starts_with(" -> ")) return std::nullopt;
  text.remove_prefix(4);
  const auto after = take_number(text);
  if (!after) return std::nullopt;
  edit.before = *before;
  edit.after = *after;
  return edit;
}

/// ": patched insn #2 (ALU/ALU64) imm 4 -> 2336": what the rest of a line says was done.
std::optional<LoggedRelocation> deed_in(std::string_view text) {
  LoggedRelocation deed;
  for (const std::string_view words : kFailed) deed.failed = deed.failed || text.starts_with(words);
  if (deed.failed) return deed;
  const bool patched = text.starts_with(kPatched);
  deed.poisoned = text.starts_with(kPoisoned);
  if (!patched && !deed.poisoned) return std::nullopt;
  text.remove_prefix(patched ? kPatched.size() : kPoisoned.size());
  const auto insn = take_number(text);
  if (!insn) return std::nullopt;
  deed.insn = static_cast<std::uint32_t>(*insn);
  if (!patched) return deed;
  const std::optional<RelocationEdit> edit = edit_in(text);
  if (!edit) return std::nullopt;
  deed.edits.push_back(*edit);
  return deed;
}

}  // namespace

void LoggedRelocation::add(const LoggedRelocation& more) {
  failed = failed || more.failed;
  for (const RelocationEdit& edit : more.edits) {
    const bool known = std::any_of(edits.begin(), edits.end(), [&](const RelocationEdit& other) {
      return other.field == edit.field;
    });
    if (!known) edits.push_back(edit);
  }
}

std::string_view LoggedRelocation::result() const {
  if (failed) return "failed";
  if (poisoned) return "poisoned";
  const bool same = std::all_of(edits.begin(), edits.end(), [](const RelocationEdit& edit) {
    return edit.before == edit.after;
  });
  return same ? "unchanged" : "resolved";
}

void RelocationLog::see(std::string_view line) {
  // libbpf: prog 'P': relo #0: patched insn #2 (ALU/ALU64) imm 4 -> 2336
  // libbpf: prog 'P': relo #1: substituting insn #7 w/ invalid insn
  // libbpf: prog 'P': relo #2: failed to relocate: -22
  constexpr std::string_view kStart = "libbpf: prog '";
  constexpr std::string_view kRelo = "': relo #";
  if (!line.starts_with(kStart)) return;
  line.remove_prefix(kStart.size());
  const std::size_t name_end = line.find(kRelo);
  if (name_end == std::string_view::npos) return;
  const std::string function(line.substr(0, name_end));
  line.remove_prefix(name_end + kRelo.size());
  const auto index = take_number(line);
  if (!index || *index > UINT32_MAX) return;
  std::optional<LoggedRelocation> seen = deed_in(line);
  if (!seen) return;
  seen->function = function;
  seen->index = static_cast<std::uint32_t>(*index);
  const auto [known, is_new] = relocations_.try_emplace({function, seen->index}, *seen);
  if (!is_new) known->second.add(*seen);
}

std::size_t RelocationLog::applied() const {
  return static_cast<std::size_t>(
      std::count_if(relocations_.begin(), relocations_.end(),
                    [](const auto& entry) { return !entry.second.edits.empty(); }));
}

std::size_t RelocationLog::poisoned() const {
  return static_cast<std::size_t>(
      std::count_if(relocations_.begin(), relocations_.end(),
                    [](const auto& entry) { return entry.second.poisoned; }));
}

std::vector<LoggedRelocation> RelocationLog::relocations() const {
  std::vector<LoggedRelocation> all;
  for (const auto& [key, relocation] : relocations_) all.push_back(relocation);
  return all;
}

}  // namespace bpfmatrix::guest
