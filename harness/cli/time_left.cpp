#include "cli/time_left.h"

namespace bpfmatrix {

namespace {

/// Until then the cells of earlier runs say more about the machine than those of this run.
constexpr double kTrustMs = 10'000;

}  // namespace

void TimeLeft::add(const std::string& cell, Time expected) {
  if (left_.emplace(cell, expected).second) left_sum_ += expected;
}

void TimeLeft::finished(const std::string& cell, bool ran) {
  const auto known = left_.extract(cell);
  if (known.empty()) return;
  left_sum_ -= known.mapped();
  if (ran) done_sum_ += known.mapped();
}

TimeLeft::Time TimeLeft::after(Time spent) const {
  const double jobs = jobs_;
  const double expected_ms = static_cast<double>(done_sum_.count()) / jobs;
  const double slower = (static_cast<double>(spent.count()) + kTrustMs) / (expected_ms + kTrustMs);
  return Time(static_cast<Time::rep>(static_cast<double>(left_sum_.count()) / jobs * slower));
}

}  // namespace bpfmatrix
