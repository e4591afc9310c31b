#include "analysis/compare/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace bpfmatrix {

namespace {

/// A program that works is above one that does not, whatever it did on the way.
int standing(Sign sign) {
  switch (sign) {
    case Sign::attached:
    case Sign::loaded:
    case Sign::not_tried:
      return 6;
    case Sign::not_fired:
    case Sign::not_attached:
      return 5;
    case Sign::loaded_skipped:
    case Sign::wrong_reads:
      return 4;
    case Sign::attach_failed:
      return 3;
    case Sign::failed:
    case Sign::not_reached:
      return 2;
    case Sign::panicked:
      return 1;
    case Sign::unknown:
      return 0;
  }
  return 0;
}

bool is_near(std::optional<std::uint64_t> value, std::uint64_t limit, std::uint64_t percent) {
  return value && *value >= limit * percent / 100;
}

class Comparison {
 public:
  Comparison(const ProgramState& before, const ProgramState& now) : before_(before), now_(now) {
    result_.program = now.program;
  }

  ProgramChange compare(const std::optional<KernelVersion>& kernel, const Thresholds& thresholds) {
    compare_standing();
    if (now_.symbol != before_.symbol && !now_.symbol.empty() && !before_.symbol.empty()) {
      add(Change::changed, fmt::format("attached to '{}', was '{}'", now_.symbol, before_.symbol));
    }
    if (now_.poisoned > before_.poisoned && standing(now_.sign) >= standing(before_.sign)) {
      add(Change::changed, fmt::format("{} relocations have no value here, {} had none before",
                                       now_.poisoned, before_.poisoned));
    }
    compare_insns(thresholds);
    if (kernel) compare_limits(limits_of(*kernel), thresholds);
    return std::move(result_);
  }

 private:
  void add(Change change, std::string what) {
    result_.change = std::max(result_.change, change);
    result_.what.push_back(std::move(what));
  }

  void compare_standing() {
    const int was = standing(before_.sign);
    const int is = standing(now_.sign);
    Change change = is < was ? Change::regressed : is > was ? Change::fixed : Change::none;
    if (change == Change::none && now_.wrong != before_.wrong) {
      const bool no_more = std::includes(before_.wrong.begin(), before_.wrong.end(),
                                         now_.wrong.begin(), now_.wrong.end());
      change = no_more ? Change::fixed : Change::regressed;
    }
    if (change == Change::none && (now_.sign != before_.sign || now_.cause != before_.cause)) {
      change = Change::changed;
    }
    if (change != Change::none)
      add(change, fmt::format("{}, was {}", state_text(now_), state_text(before_)));
  }

  void compare_insns(const Thresholds& thresholds) {
    if (!now_.insns || !before_.insns || *now_.insns <= *before_.insns) return;
    const std::uint64_t more = *now_.insns - *before_.insns;
    if (more <= thresholds.insns || more * 100 <= *before_.insns * thresholds.insns_percent) return;
    add(Change::changed,
        fmt::format("the verifier goes through {} instructions, was {} (+{} %)", *now_.insns,
                    *before_.insns, more * 100 / std::max<std::uint64_t>(*before_.insns, 1)));
  }

  void compare_limits(const Limits& limits, const Thresholds& thresholds) {
    compare_limit("instructions that the verifier goes through", now_.insns, before_.insns,
                  limits.insns, thresholds);
    compare_limit("instructions of the program", now_.size, before_.size, limits.size, thresholds);
    compare_limit("bytes of stack", now_.stack, before_.stack, limits.stack, thresholds);
  }

  void compare_limit(std::string_view of_what, std::optional<std::uint64_t> is,
                     std::optional<std::uint64_t> was, std::uint64_t limit,
                     const Thresholds& thresholds) {
    if (!is_near(is, limit, thresholds.limit_percent)) return;
    if (is_near(was, limit, thresholds.limit_percent)) return;
    add(Change::changed, fmt::format("{} of {} {}: near the limit", *is, limit, of_what));
  }

  const ProgramState& before_;
  const ProgramState& now_;
  ProgramChange result_{};
};

const ProgramState* find(const CellState& cell, const std::string& program) {
  const auto found = std::find_if(cell.begin(), cell.end(), [&](const ProgramState& state) {
    return state.program == program;
  });
  return found == cell.end() ? nullptr : &*found;
}

bool is_object(const CellState& cell) { return cell.size() == 1 && cell.front().program.empty(); }

/// An object that came to programs on one side only stands for each of them.
const ProgramState* find_or_object(const CellState& cell, const std::string& program) {
  return is_object(cell) ? &cell.front() : find(cell, program);
}

/// Whichever of its programs bears them.
std::optional<std::vector<std::string>> complaints_in(const CellState& cell) {
  std::optional<std::vector<std::string>> all;
  for (const ProgramState& program : cell) {
    if (!program.splats) continue;
    if (!all) all.emplace();
    all->insert(all->end(), program.splats->begin(), program.splats->end());
  }
  if (all) std::sort(all->begin(), all->end());
  return all;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += (text.empty() ? "" : "; ") + names[i];
  if (names.size() > kShown) text += fmt::format("; and {} more", names.size() - kShown);
  return text;
}

/// Of the cell, whose programs may have other names now.
void compare_complaints(const CellState& before, const CellState& now,
                        std::vector<ProgramChange>& changes) {
  const auto were = complaints_in(before);
  const auto are = complaints_in(now);
  if (!were || !are || *were == *are || now.empty()) return;
  std::vector<std::string> only_now;
  std::set_difference(are->begin(), are->end(), were->begin(), were->end(),
                      std::back_inserter(only_now));
  const bool is_worse = !only_now.empty();
  const Change change = is_worse ? Change::regressed : Change::fixed;
  std::string what = is_worse ? "the kernel complained, and did not before: " + listed(only_now)
                              : "the kernel complains no more: " + listed(*were);
  const std::string& program = now.front().program;
  auto at = std::find_if(changes.begin(), changes.end(),
                         [&](const ProgramChange& one) { return one.program == program; });
  if (at == changes.end()) at = changes.insert(at, {program, Change::none, {}});
  at->change = std::max(at->change, change);
  at->what.push_back(std::move(what));
}

std::vector<ProgramChange> compare_programs(const CellState& before, const CellState& now,
                                            const std::optional<KernelVersion>& kernel,
                                            const Thresholds& thresholds) {
  std::vector<ProgramChange> changes;
  const auto compare_one = [&](const ProgramState& was, const ProgramState& is,
                               const std::string& program) {
    ProgramChange change = Comparison(was, is).compare(kernel, thresholds);
    change.program = program;
    if (change.change != Change::none) changes.push_back(std::move(change));
  };
  if (is_object(now)) {
    for (const ProgramState& was : before) compare_one(was, now.front(), was.program);
    return changes;
  }
  for (const ProgramState& is : now) {
    if (const ProgramState* was = find_or_object(before, is.program)) {
      compare_one(*was, is, is.program);
    } else {
      changes.push_back({is.program, Change::added, {"new here: " + state_text(is)}});
    }
  }
  if (is_object(before)) return changes;
  for (const ProgramState& was : before) {
    if (find(now, was.program) == nullptr)
      changes.push_back({was.program, Change::gone, {"no longer there, was " + state_text(was)}});
  }
  return changes;
}

}  // namespace

Limits limits_of(const KernelVersion& kernel) {
  // c04c0d2b968a "bpf: increase complexity limit and maximum program size", v5.2
  if (kernel >= KernelVersion{5, 2, 0}) return {.insns = 1'000'000, .size = 1'000'000};
  return {.insns = 131'072, .size = 4096};  // BPF_COMPLEXITY_LIMIT_INSNS, BPF_MAXINSNS
}

bool is_near_limit(const ProgramState& program, const Limits& limits, std::uint64_t limit_percent) {
  return is_near(program.insns, limits.insns, limit_percent) ||
         is_near(program.size, limits.size, limit_percent) ||
         is_near(program.stack, limits.stack, limit_percent);
}

std::vector<ProgramChange> compare(const CellState& before, const CellState& now,
                                   const std::optional<KernelVersion>& kernel,
                                   const Thresholds& thresholds) {
  std::vector<ProgramChange> changes = compare_programs(before, now, kernel, thresholds);
  compare_complaints(before, now, changes);
  return changes;
}

bool reads_the_same(const ProgramState& before, const ProgramState& now,
                    const std::optional<KernelVersion>& kernel, const Thresholds& thresholds) {
  return before.program == now.program && (!now.splats || before.splats == now.splats) &&
         Comparison(before, now).compare(kernel, thresholds).change == Change::none &&
         Comparison(now, before).compare(kernel, thresholds).change == Change::none;
}

Change gravest(const std::vector<ProgramChange>& changes) {
  Change change = Change::none;
  for (const ProgramChange& one : changes) change = std::max(change, one.change);
  return change;
}

std::string state_text(const ProgramState& state) {
  std::string text(to_string(state.sign));
  if (!state.cause.empty()) text += fmt::format(" ({})", state.cause);
  if (!state.wrong.empty()) text += fmt::format(" ({})", fmt::join(state.wrong, ", "));
  return text;
}

}  // namespace bpfmatrix
