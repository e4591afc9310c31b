// On which kernels a program works: for each series of kernels (a distribution's, the developers')
// and architecture the oldest one, what stops it below, and holes in between. Pure. What is not
// known stays so: it is neither support nor the lack of it.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/sign.h"
#include "base/words.h"

namespace bpfmatrix {

/// Where a kernel stands among others, by its id: "debian-6.1-x86_64" is 6.1 of the series
/// "debian", "linux-5.8-nobtf-x86_64" 5.8 of "linux-nobtf". An id without a version is a series of
/// its own; its version is then that of `release`, or empty. `arch` counts where the id does not
/// say.
struct KernelPlace {
  std::string series{};
  std::string version{};
  std::string arch{};
};
KernelPlace place_of(std::string_view kernel, std::string_view release = "",
                     std::string_view arch = "");

/// By the numbers in them; "7.x" is after every 7.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

enum class Works { unknown, no, yes };
inline constexpr Word<Works> kWorksWords[] = {
    {Works::unknown, "unknown", "could not be found out"},
    {Works::no, "no", "failed, or attached and of no use: skipped relocations, wrong values"},
    {Works::yes, "yes", "loaded, and attached where its section says so"},
};
constexpr const auto& words_of(Works) { return kWorksWords; }
Works works(Sign sign);

/// What is known of a program on one kernel.
struct Seen {
  std::string kernel{};
  std::string version{};
  Works works = Works::unknown;
  /// Unless it works: the cause, or why that is not known.
  std::string why{};
};

/// Of one program on the kernels of one series and architecture.
struct Support {
  std::string series{};
  std::string arch{};
  /// The oldest version first.
  std::vector<Seen> seen{};

  /// The oldest on which it works; nothing: there is none.
  std::optional<std::size_t> oldest() const;
  /// A hole: it does not work there, although it does on an older one.
  bool is_hole(std::size_t i) const;
  /// It is known that the kernel before the oldest does not do: not only not tried, or unknown.
  bool is_bounded() const;
};

/// Which program, and how it was loaded.
struct SupportedProgram {
  std::string case_id{};
  /// Empty: the object, where it never came to programs.
  std::string program{};
  std::string btf{};
  std::string loader{};

  auto operator<=>(const SupportedProgram&) const = default;
};

/// Sorted by series, then architecture.
using SupportTable = std::map<SupportedProgram, std::vector<Support>>;

/// Takes what programs came to on kernels, in any order.
class SupportBuilder {
 public:
  /// An empty program stands for the whole object: for all programs that it has elsewhere.
  void add(const SupportedProgram& program, const KernelPlace& place, Seen seen);
  SupportTable finish();

 private:
  using Place = std::pair<std::string, std::string>;
  std::map<SupportedProgram, std::map<Place, std::vector<Seen>>> seen_{};
};

/// "not on 5.1, 5.8: helper unknown": a line for each reason, of those of `wanted` among the
/// kernels from `begin` to before `end`.
std::vector<std::string> reasons_text(const Support& support, Works wanted, std::size_t begin,
                                      std::size_t end);

}  // namespace bpfmatrix
