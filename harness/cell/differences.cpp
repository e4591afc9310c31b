#include "cell/differences.h"

#include <fmt/format.h>

#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxShown = 100;
constexpr std::size_t kMaxDifferences = 20;
constexpr std::string_view kHeard = "splats";

/// Each ends in one of these only where it means something that may change.
constexpr std::string_view kMayChange[] = {
    ".vm",          ".console_tail", ".excerpt", ".end_reason", ".verification_usec",
    ".jited_bytes", ".xlated_bytes", ".log",     ".log_tail",   ".fired",
    ".run_cnt",     ".run_time_ns",  ".value",   ".expected",   ".ret",
    ".message"};

bool may_change(std::string_view path) {
  for (const std::string_view end : kMayChange) {
    if (path.ends_with(end)) return true;
  }
  return false;
}

std::string shown(const OrderedJson& value) {
  return value.is_string() ? value.get<std::string>() : json_text(value).substr(0, kMaxShown);
}

/// An element by its name where it has one.
std::string step(const OrderedJson& element, std::size_t index) {
  const auto name = element.is_object() ? element.find("name") : element.end();
  return name != element.end() && name->is_string() ? name->get<std::string>()
                                                    : fmt::format("{}", index);
}

class Comparison {
 public:
  void compare(const std::string& path, const OrderedJson& one, const OrderedJson& other) {
    if (may_change(path)) return;
    if (one.is_object() && other.is_object()) return compare_objects(path, one, other);
    if (one.is_array() && other.is_array() && one.size() == other.size()) {
      return compare_arrays(path, one, other);
    }
    if (one != other) add(path, shown(one), shown(other));
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  void compare_objects(const std::string& path, const OrderedJson& one, const OrderedJson& other) {
    for (const auto& [key, value] : one.items()) {
      const auto there = other.find(key);
      if (key == kHeard && there == other.end()) continue;  // nobody listened
      compare(path + "." + key, value, there != other.end() ? *there : OrderedJson(nullptr));
    }
  }

  void compare_arrays(const std::string& path, const OrderedJson& one, const OrderedJson& other) {
    for (std::size_t i = 0; i < one.size(); ++i) {
      compare(fmt::format("{}[{}]", path, step(one[i], i)), one[i], other[i]);
    }
  }

  void add(const std::string& path, const std::string& one, const std::string& other) {
    if (found_.size() < kMaxDifferences) {
      found_.push_back(fmt::format("{}: {}, {}", path.substr(1), one, other));
    }
  }

  std::vector<std::string> found_{};
};

/// What was counted: whether it was more than nothing.
std::string fired(const RunOutcome& run) {
  if (!run.fired) return "unknown";
  return *run.fired > 0 ? "fired" : "not fired";
}

/// Of an emulated machine they may be the host's; and how often is no matter.
Outcome without_stalls(Outcome outcome) {
  if (!outcome.splats) return outcome;
  std::erase_if(*outcome.splats, [](const Splat& splat) { return splat.stall; });
  for (Splat& splat : *outcome.splats) splat.count = 1;
  return outcome;
}

}  // namespace

std::vector<std::string> differences(const Outcome& one, const Outcome& other) {
  Comparison comparison;
  comparison.compare("", to_json(without_stalls(one)), to_json(without_stalls(other)));
  std::vector<std::string> found = comparison.take();
  for (std::size_t i = 0; i < std::min(one.programs.size(), other.programs.size()); ++i) {
    const std::string a = fired(one.programs[i].run);
    const std::string b = fired(other.programs[i].run);
    if (a != b)
      found.push_back(fmt::format("programs[{}].run: {}, {}", one.programs[i].name, a, b));
  }
  return found;
}

}  // namespace bpfmatrix
