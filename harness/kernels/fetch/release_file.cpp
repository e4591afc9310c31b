#include "kernels/fetch/release_file.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/sha256.h"
#include "base/text.h"

namespace bpfmatrix {

namespace chrono = std::chrono;

namespace {

/// No mirror is so late, and no clock so wrong by accident of a time zone.
constexpr auto kYearsOff = chrono::hours(24 * 365);

std::optional<unsigned> parse_month(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* found = std::find(kMonths.begin(), kMonths.end(), name);
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

std::optional<chrono::seconds> parse_clock(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3) return std::nullopt;
  const auto hour = parse_number(parts[0]);
  const auto minute = parse_number(parts[1]);
  const auto second = parse_number(parts[2]);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return chrono::hours(*hour) + chrono::minutes(*minute) + chrono::seconds(*second);
}

/// Field name to value; the lines that go on with a blank are joined by '\n'.
Result<std::map<std::string_view, std::string>> read_fields(std::string_view text) {
  std::map<std::string_view, std::string> fields;
  std::string* last = nullptr;
  for (const std::string_view line : split(text, '\n')) {
    if (trim(line).empty()) {
      if (fields.empty()) continue;
      break;  // one paragraph is all a Release file has
    }
    if (line[0] == ' ' || line[0] == '\t') {
      if (last == nullptr) return Error{"starts with a continued line"};
      last->append("\n").append(trim(line));
      continue;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return Error{fmt::format("'{}': no field", line)};
    const auto [at, fresh] = fields.emplace(line.substr(0, colon), trim(line.substr(colon + 1)));
    if (!fresh) return Error{fmt::format("field '{}' occurs twice", at->first)};
    last = &at->second;
  }
  return fields;
}

Result<> read_indexes(std::string_view block, ReleaseFile& release) {
  for (const std::string_view line : split(block, '\n')) {
    const auto columns = words(line);
    if (columns.empty()) continue;
    const auto bytes = columns.size() == 3 ? parse_number(columns[1]) : std::nullopt;
    if (!bytes || !is_sha256(columns[0]) || !is_safe_relative_path(columns[2])) {
      return Error{fmt::format("field 'SHA256': malformed line '{}'", line)};
    }
    release.indexes[std::string(columns[2])] = ReleaseIndex{*bytes, std::string(columns[0])};
  }
  return {};
}

}  // namespace

std::optional<chrono::sys_seconds> parse_release_date(std::string_view text) {
  const auto parts = words(text);
  if (parts.size() != 6 || (parts[5] != "UTC" && parts[5] != "GMT" && parts[5] != "+0000")) {
    return std::nullopt;
  }
  const auto day = parse_number(parts[1]);
  const auto month = parse_month(parts[2]);
  const auto year = parse_number(parts[3]);
  const auto clock = parse_clock(parts[4]);
  if (!day || !month || !year || !clock || *day > 31 || *year < 1990 || *year > 9999) {
    return std::nullopt;
  }
  const chrono::year_month_day date{chrono::year(static_cast<int>(*year)), chrono::month(*month),
                                    chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return chrono::sys_days(date) + *clock;
}

Result<ReleaseFile> parse_release(std::string_view text, std::string_view source) {
  const auto wrong = [source](std::string_view what) {
    return Error{fmt::format("'{}': {}", source, what)};
  };
  auto fields = read_fields(text);
  if (!fields) return wrong(fields.error().message);
  ReleaseFile release;
  release.origin = (*fields)["Origin"];
  release.suite = (*fields)["Suite"];
  release.codename = (*fields)["Codename"];
  release.version = (*fields)["Version"];
  release.by_hash = (*fields)["Acquire-By-Hash"] == "yes";
  const auto date = parse_release_date((*fields)["Date"]);
  if (!date) return wrong("field 'Date' is missing or malformed");
  release.date = *date;
  if (const auto until = fields->find("Valid-Until"); until != fields->end()) {
    release.valid_until = parse_release_date(until->second);
    if (!release.valid_until) return wrong("field 'Valid-Until' is malformed");
  }
  if (!fields->contains("SHA256")) return wrong("field 'SHA256' is missing");
  if (Result<> read = read_indexes((*fields)["SHA256"], release); !read) {
    return wrong(read.error().message);
  }
  return release;
}

/// Not by to_time_t(), which counts nanoseconds and ends in 2262.
std::string show_time(chrono::sys_seconds time) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(time.time_since_epoch().count()));
}

std::string show_as_of(const AsOf& as_of) {
  return fmt::format("{} {}", as_of.past ? "the snapshot is of" : "the clock of this machine says",
                     show_time(as_of.time));
}

namespace {

Error wrong_time(std::string_view source, const std::string& what, const AsOf& as_of,
                 chrono::seconds off) {
  std::string text = fmt::format("'{}': {}, {}", source, what, show_as_of(as_of));
  if (as_of.past) return Error{text, "the archive of snapshots sent the state of another day"};
  if (off < kYearsOff) {
    return Error{text,
                 "the mirror is out of date (try another with --mirror URL), or this machine's "
                 "clock is wrong"};
  }
  text += fmt::format(": {} years apart", off / chrono::duration_cast<chrono::seconds>(kYearsOff));
  return Error{text,
               "is the clock of this machine right? if it is, this is no mirror of today: try "
               "another with --mirror URL"};
}

}  // namespace

Result<> check_release(const ReleaseFile& release, std::string_view suite, std::string_view source,
                       const AsOf& as_of) {
  if (release.codename != suite && release.suite != suite) {
    return Error{fmt::format("'{}': wrong suite: want '{}', got '{}' ('{}')", source, suite,
                             release.codename, release.suite),
                 "the mirror sent another suite's file; try another with --mirror URL"};
  }
  if (release.date > as_of.time + kClockSkew) {
    return wrong_time(source,
                      fmt::format("dated {}, which is in the future", show_time(release.date)),
                      as_of, release.date - as_of.time);
  }
  if (release.valid_until && *release.valid_until < as_of.time) {
    return wrong_time(source, fmt::format("stale: valid until {}", show_time(*release.valid_until)),
                      as_of, as_of.time - *release.valid_until);
  }
  return {};
}

}  // namespace bpfmatrix
