#include "analysis/compare/baseline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <compare>
#include <utility>

#include "base/file.h"
#include "base/lines.h"
#include "base/printable.h"
#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kHeading = "# bpfmatrix baseline 1";
constexpr std::string_view kObject = "-";
constexpr LineLimits kLimits{.line_bytes = 64 << 10, .file_bytes = 1ULL << 30};

/// One word of a line, and back: whatever is no plain character of ASCII, or means something here,
/// is \xNN.
std::string as_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    const bool plain = c > ' ' && c < 0x7f && c != '\\' && c != ',' && c != '#';
    word += plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return word == kObject ? "\\x2d" : word;
}
std::string from_word(std::string_view word) { return original_bytes(word); }

std::string as_list(const std::vector<std::string>& texts) {
  std::vector<std::string> list;
  for (const std::string& text : texts) list.push_back(as_word(text));
  return fmt::format("{}", fmt::join(list, ","));
}

std::vector<std::string> from_list(std::string_view list) {
  std::vector<std::string> texts;
  for (const std::string_view word : split(list, ',')) texts.push_back(from_word(word));
  return texts;
}

std::string line_of(const std::string& cell, const ProgramState& state) {
  const std::string program = state.program.empty() ? std::string(kObject) : as_word(state.program);
  std::string line = fmt::format("{} {} {}", as_word(cell), program, to_string(state.sign));
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) line += fmt::format(" {}={}", key, as_word(value));
  };
  const auto number = [&](std::string_view key, std::optional<std::uint64_t> value) {
    if (value) line += fmt::format(" {}={}", key, *value);
  };
  text("cause", state.cause);
  text("symbol", state.symbol);
  if (state.splats && !state.splats->empty())
    line += fmt::format(" splats={}", as_list(*state.splats));
  if (!state.wrong.empty()) line += fmt::format(" wrong={}", as_list(state.wrong));
  if (state.poisoned > 0) number("poisoned", state.poisoned);
  number("insns", state.insns);
  number("stack", state.stack);
  number("size", state.size);
  return line + "\n";
}

/// Takes "key=value" apart and puts it into `state`; false: no such key, or no such value.
bool take_fact(std::string_view fact, ProgramState& state) {
  const std::size_t equals = fact.find('=');
  if (equals == fact.npos) return false;
  const std::string_view key = fact.substr(0, equals);
  const std::string value = from_word(fact.substr(equals + 1));
  const std::optional<std::uint64_t> number = parse_number(fact.substr(equals + 1));
  if (key == "cause")
    state.cause = value;
  else if (key == "symbol")
    state.symbol = value;
  else if (key == "wrong")
    state.wrong = from_list(fact.substr(equals + 1));
  else if (key == "splats")
    state.splats = from_list(fact.substr(equals + 1));
  else if (!number)
    return false;
  else if (key == "poisoned")
    state.poisoned = *number;
  else if (key == "insns")
    state.insns = number;
  else if (key == "stack")
    state.stack = number;
  else if (key == "size")
    state.size = number;
  else
    return false;
  return true;
}

Result<> take_line(std::string_view line, Baseline& baseline) {
  const std::vector<std::string_view> parts = words(line);
  if (parts.size() < 3) return Error{"wanted a cell, a program and a sign"};
  const std::optional<Sign> sign = parse_word<Sign>(parts[2]);
  if (!sign) {
    return Error{fmt::format("unknown sign '{}'", parts[2]), "known: " + known_words<Sign>()};
  }
  ProgramState state{.program = parts[1] == kObject ? "" : from_word(parts[1]), .sign = *sign};
  state.splats.emplace();  // a line says all that there is to say
  for (std::size_t i = 3; i < parts.size(); ++i) {
    if (!take_fact(parts[i], state)) return Error{fmt::format("unknown fact '{}'", parts[i])};
  }
  CellState& cell = baseline[from_word(parts[0])];
  for (const ProgramState& other : cell) {
    if (other.program == state.program) return Error{"this program of this cell stands twice"};
  }
  cell.push_back(std::move(state));
  return {};
}

/// By which the lines of a file are sorted.
struct LineKey {
  std::string cell{};
  std::string program{};

  auto operator<=>(const LineKey&) const = default;
};
LineKey key_of(std::string_view line) {
  const std::vector<std::string_view> parts = words(line);
  return parts.size() < 2 ? LineKey{} : LineKey{from_word(parts[0]), std::string(parts[1])};
}
bool is_peoples(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == line.npos || line[first] == '#';
}

Error no_heading(std::string_view line) {
  const bool of_windows = line.starts_with(kHeading) && line.ends_with('\r');
  return Error{fmt::format("wanted '{}', got '{}'", kHeading, line.substr(0, 80)),
               of_windows ? "its lines end as on Windows: git's core.autocrlf does that, and "
                            "'FILE -text' in .gitattributes keeps it from it"
                          : "a baseline begins with this line; --accept writes a new file so"};
}

/// read_lines() leaves out a last line without an end.
bool ends_with_a_line(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file, kLimits.file_bytes);
  return text && text->ends_with('\n');
}

}  // namespace

std::string to_text(const Baseline& baseline) {
  std::string text(kHeading);
  text += '\n';
  for (const auto& [cell, programs] : baseline) {
    std::vector<std::string> lines;
    for (const ProgramState& state : programs) lines.push_back(line_of(cell, state));
    std::sort(lines.begin(), lines.end());
    for (const std::string& line : lines) text += line;
  }
  return text;
}

Result<std::string> text_with_comments_of(const std::filesystem::path& file,
                                          const std::string& text) {
  // What stands before a line, by that line; what stands before all is the file's.
  std::map<LineKey, std::string> comments;
  std::string top;
  std::string block;
  bool top_is_read = false;
  const auto take = [&](std::string_view line, std::size_t number) {
    if (number == 1) return Result<>();
    if (is_peoples(line)) {
      block += std::string(line) + "\n";
    } else {
      (top_is_read ? comments[key_of(line)] : top) += std::exchange(block, "");
      top_is_read = true;
    }
    return Result<>();
  };
  std::error_code none;
  if (std::filesystem::exists(file, none)) {
    if (const Result<> read = read_lines(file, kLimits, take); !read) return read.error();
  }
  std::string whole;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;  // behind the last line's end
    if (line.size() > kLimits.line_bytes) {
      return file_error(file,
                        Error{fmt::format("not written: a line would have more than {} bytes, "
                                          "that of '{}'",
                                          kLimits.line_bytes, line.substr(0, 200))});
    }
    if (const auto before = comments.find(key_of(line)); before != comments.end())
      whole += before->second;
    whole += std::string(line) + "\n";
    if (line == kHeading) whole += top;
  }
  return whole + block;
}

Result<Baseline> read_baseline(const std::filesystem::path& file) {
  Baseline baseline;
  bool headed = false;
  const Result<> read = read_lines(file, kLimits, [&](std::string_view line, std::size_t number) {
    Result<> taken;
    if (number == 1) {
      headed = line == kHeading;
      if (!headed) taken = no_heading(line);
    } else if (!is_peoples(line)) {
      taken = take_line(line, baseline);
    }
    if (taken) return taken;
    return Result<>(wrap(fmt::format("'{}:{}'", file.string(), number), taken.error()));
  });
  if (!read) return read.error();
  if (headed && !ends_with_a_line(file)) {
    return Error{fmt::format("'{}': its last line has no end", file.string()),
                 "is the file cut short? a baseline ends with a line end"};
  }
  if (!headed) return Error{fmt::format("'{}': empty, and no baseline", file.string())};
  return baseline;
}

}  // namespace bpfmatrix
