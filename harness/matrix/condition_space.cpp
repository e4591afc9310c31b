#include "matrix/condition_space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace bpfmatrix {

namespace {

/// Cells tried times characters of all conditions: about a quarter of a second.
constexpr std::size_t kMaxWork = 1 << 23;
/// Beyond any patch level and any minor number that has been or will be.
constexpr int kBeyond = 9999;

/// Where a series of releases ended: after 5.19 came 6.0.
constexpr std::array<std::pair<int, int>, 5> kLastMinor{
    {{2, 6}, {3, 19}, {4, 20}, {5, 19}, {6, 19}}};

int last_minor(int major) {
  for (const auto& [known, minor] : kLastMinor) {
    if (known == major) return minor;
  }
  return kBeyond;
}

bool exists(const KernelVersion& version) {
  return version.major >= 0 && version.minor <= last_minor(version.major);
}

/// Versions come from a text: they may be as large as an int.
int above(int number) { return std::min(number, kBeyond) + 1; }

KernelVersion next_series(const KernelVersion& version) {
  if (version.minor >= last_minor(version.major)) return {above(version.major), 0, 0};
  return {version.major, above(version.minor), 0};
}

KernelVersion last_before(const KernelVersion& version) {
  const int last = last_minor(version.major);
  if (version.minor > last) return {version.major, last, kBeyond};
  if (version.patch > 0) return {version.major, version.minor, version.patch - 1};
  if (version.minor > 0) return {version.major, version.minor - 1, kBeyond};
  return {version.major - 1, last_minor(version.major - 1), kBeyond};
}

/// One version of each interval between the versions that are named, and those themselves.
std::vector<KernelVersion> distinct_versions(const std::set<KernelVersion>& named) {
  std::set<KernelVersion> versions{{5, 10, 0}};
  for (const KernelVersion& version : named) {
    const KernelVersion patched{version.major, version.minor, above(version.patch)};
    for (const KernelVersion& one :
         {last_before(version), version, patched, next_series(version)}) {
      if (exists(one)) versions.insert(one);
    }
  }
  return {versions.begin(), versions.end()};
}

/// A question with two answers, one bit of `Point::answers`.
struct Question {
  std::string_view word;
  std::string name;
};

std::vector<Question> questions_of(const ConditionAtoms& atoms) {
  std::vector<Question> questions;
  for (const std::string& name : atoms.has) questions.push_back({"has", name});
  for (const std::string& name : atoms.config) questions.push_back({"config", name});
  for (const std::string& name : atoms.symbol) questions.push_back({"symbol", name});
  return questions;
}

/// One cell, as far as the conditions can see it.
struct Point {
  KernelVersion kernel{};
  const std::string* arch = nullptr;
  const std::string* btf = nullptr;
  const std::string* loader = nullptr;
  std::uint64_t answers = 0;
};

/// A whole series where the patch level makes no difference: "5.10", "5.10.3".
std::string series_or_version(const KernelVersion& version) {
  if (version.patch != 0 && version.patch != kBeyond) return to_string(version);
  return fmt::format("{}.{}", version.major, version.minor);
}

class Search {
 public:
  Search(const Condition& wanted, const std::vector<Condition>& before, const ConditionSpace& space)
      : wanted_(wanted), before_(before), space_(space) {
    ConditionAtoms atoms;
    wanted.collect(atoms);
    for (const Condition& one : before) one.collect(atoms);
    versions_ = distinct_versions(atoms.versions);
    questions_ = questions_of(atoms);
    facts_.has = answer_to("has");
    facts_.config = answer_to("config");
    facts_.symbol = answer_to("symbol");
  }

  SpaceAnswer run() {
    if (too_large()) return {};
    for (const KernelVersion& kernel : versions_) {
      for (const std::string& arch : space_.archs) {
        for (const std::string& btf : space_.btf) {
          for (const std::string& loader : space_.loaders) {
            if (found_at({kernel, &arch, &btf, &loader, 0}))
              return {Ternary::yes, describe(point_)};
          }
        }
      }
    }
    return {Ternary::no, ""};
  }

 private:
  bool too_large() const {
    if (questions_.size() >= 24) return true;
    std::size_t length = wanted_.text().size();
    for (const Condition& one : before_) length += one.text().size();
    const std::size_t cells = versions_.size() * space_.archs.size() * space_.btf.size() *
                              space_.loaders.size() * (std::size_t{1} << questions_.size());
    return cells > kMaxWork / std::max<std::size_t>(length, 1);
  }

  std::function<Ternary(const std::string&)> answer_to(std::string_view word) {
    return [this, word](const std::string& name) {
      const auto found =
          std::find_if(questions_.begin(), questions_.end(),
                       [&](const Question& one) { return one.word == word && one.name == name; });
      const auto bit = static_cast<std::size_t>(found - questions_.begin());
      return ((point_.answers >> bit) & 1) != 0 ? Ternary::yes : Ternary::no;
    };
  }

  /// Tries every answer to the questions; leaves the cell in `point_`.
  bool found_at(Point point) {
    facts_.kernel = point.kernel;
    facts_.arch = *point.arch;
    facts_.btf = *point.btf;
    facts_.loader = *point.loader;
    for (point.answers = 0; point.answers < std::uint64_t{1} << questions_.size();
         ++point.answers) {
      point_ = point;
      if (decides()) return true;
    }
    return false;
  }

  bool decides() const {
    if (wanted_.holds(facts_) != Ternary::yes) return false;
    return std::none_of(before_.begin(), before_.end(),
                        [&](const Condition& one) { return one.holds(facts_) == Ternary::yes; });
  }

  std::string describe(const Point& point) const {
    std::vector<std::string> parts{fmt::format("kernel == {}", series_or_version(point.kernel)),
                                   fmt::format("arch == {}", *point.arch),
                                   fmt::format("btf == {}", *point.btf)};
    if (space_.loaders.size() > 1) parts.push_back(fmt::format("loader == {}", *point.loader));
    for (std::size_t i = 0; i < questions_.size(); ++i) {
      const bool yes = ((point.answers >> i) & 1) != 0;
      parts.push_back(
          fmt::format("{}{}({})", yes ? "" : "not ", questions_[i].word, questions_[i].name));
    }
    return fmt::format("{}", fmt::join(parts, " and "));
  }

  const Condition& wanted_;
  const std::vector<Condition>& before_;
  const ConditionSpace& space_;
  std::vector<KernelVersion> versions_{};
  std::vector<Question> questions_{};
  ConditionFacts facts_{};
  Point point_{};
};

}  // namespace

SpaceAnswer can_hold(const Condition& wanted, const std::vector<Condition>& before,
                     const ConditionSpace& space) {
  return Search(wanted, before, space).run();
}

}  // namespace bpfmatrix
