#include "analysis/compare/support.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "base/ids.h"
#include "base/kernel_version.h"
#include "base/text.h"

namespace bpfmatrix {

namespace {

/// "6.1", "8.3", "7.x".
bool is_version(std::string_view part) {
  const bool starts_well = !part.empty() && part[0] >= '0' && part[0] <= '9';
  return starts_well && part.find_first_not_of("0123456789.x") == part.npos;
}

std::int64_t number_of(std::string_view part) {
  if (part == "x") return std::numeric_limits<std::int64_t>::max();
  constexpr std::uint64_t kMost = 1'000'000'000;
  return static_cast<std::int64_t>(std::min(parse_number(part).value_or(0), kMost));
}

}  // namespace

KernelPlace place_of(std::string_view kernel, std::string_view release, std::string_view arch) {
  KernelPlace place{.arch = std::string(arch)};
  std::vector<std::string_view> series;
  for (const std::string_view part : split(kernel, '-')) {
    if (place.version.empty() && !series.empty() && is_version(part)) {
      place.version = part;
    } else if (parse_arch(part) && (place.arch.empty() || part == place.arch)) {
      place.arch = part;
    } else {
      series.push_back(part);
    }
  }
  place.series = fmt::format("{}", fmt::join(series, "-"));
  if (place.version.empty()) {
    if (const auto version = parse_kernel_version(release)) place.version = to_string(*version);
  }
  return place;
}

std::strong_ordering compare_versions(std::string_view a, std::string_view b) {
  const std::vector<std::string_view> left = split(a, '.');
  const std::vector<std::string_view> right = split(b, '.');
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const auto order = number_of(left[i]) <=> number_of(right[i]);
    if (order != 0) return order;
  }
  return left.size() <=> right.size();
}

Works works(Sign sign) {
  switch (sign) {
    case Sign::attached:
    case Sign::not_fired:
    case Sign::loaded:
      return Works::yes;
    case Sign::wrong_reads:
    case Sign::not_attached:
    case Sign::loaded_skipped:
    case Sign::attach_failed:
    case Sign::failed:
    case Sign::not_reached:
    case Sign::panicked:
      return Works::no;
    case Sign::not_tried:
    case Sign::unknown:
      return Works::unknown;
  }
  return Works::unknown;
}

std::optional<std::size_t> Support::oldest() const {
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].works == Works::yes) return i;
  }
  return std::nullopt;
}

bool Support::is_hole(std::size_t i) const {
  const std::optional<std::size_t> first = oldest();
  return first && i > *first && seen[i].works == Works::no;
}

bool Support::is_bounded() const {
  const std::optional<std::size_t> first = oldest();
  return first && *first > 0 && seen[*first - 1].works == Works::no;
}

void SupportBuilder::add(const SupportedProgram& program, const KernelPlace& place, Seen seen) {
  seen.version = place.version;
  seen_[program][{place.series, place.arch}].push_back(std::move(seen));
}

SupportTable SupportBuilder::finish() {
  // What the object came to, its programs came to, where they have nothing of their own.
  for (auto& [object, places] : seen_) {
    if (!object.program.empty()) continue;
    bool has_programs = false;
    for (auto& [program, of_program] : seen_) {
      const bool is_its = !program.program.empty() && program.case_id == object.case_id &&
                          program.btf == object.btf && program.loader == object.loader;
      if (!is_its) continue;
      has_programs = true;
      for (const auto& [place, seen] : places)
        of_program[place].insert(of_program[place].end(), seen.begin(), seen.end());
    }
    if (has_programs) places.clear();
  }
  SupportTable table;
  for (auto& [program, places] : seen_) {
    for (auto& [place, seen] : places) {
      std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) {
        const auto order = compare_versions(a.version, b.version);
        return order != 0 ? order < 0 : a.kernel < b.kernel;
      });
      table[program].push_back({place.first, place.second, std::move(seen)});
    }
  }
  return table;
}

std::vector<std::string> reasons_text(const Support& support, Works wanted, std::size_t begin,
                                      std::size_t end) {
  std::vector<std::pair<std::string, std::string>> reasons;
  for (std::size_t i = begin; i < std::min(end, support.seen.size()); ++i) {
    const Seen& seen = support.seen[i];
    if (seen.works != wanted) continue;
    const std::string& name = seen.version.empty() ? seen.kernel : seen.version;
    const auto known = std::find_if(reasons.begin(), reasons.end(),
                                    [&](const auto& one) { return one.second == seen.why; });
    if (known == reasons.end()) {
      reasons.emplace_back(name, seen.why);
    } else {
      known->first += ", " + name;
    }
  }
  std::vector<std::string> lines;
  for (const auto& [names, why] : reasons) {
    lines.push_back(fmt::format("{} on {}{}{}", wanted == Works::no ? "not" : "not known", names,
                                why.empty() ? "" : ": ", why));
  }
  return lines;
}

}  // namespace bpfmatrix
