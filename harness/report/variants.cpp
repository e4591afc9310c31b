#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "analysis/compare/support.h"
#include "base/printable.h"
#include "report/formats.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxWhy = 160;

bool serves(Sign sign) { return works(sign) == Works::yes; }

/// What of an application or project a kernel gets: the programs that serve there.
struct Variant {
  std::vector<std::string> kernels{};
  std::vector<std::string> takes{};
  /// Why each of the others does not, in the words of the first kernel that says it.
  std::map<std::string, std::string> without{};
};

/// Of one case, BTF source and loader, by the programs that they take; those that take the same in
/// the order of their kernels.
class VariantsOfCase {
 public:
  void take(const ReportCell& cell) {
    if (!cell.is_known()) {
      unknown_.push_back(cell.kernel);
      return;
    }
    std::vector<std::string> takes;
    for (const ReportProgram& program : cell.programs) {
      all_.insert(program.name);
      if (serves(program.sign)) takes.push_back(program.name);
    }
    std::sort(takes.begin(), takes.end());
    Variant& variant = variants_[takes];
    variant.takes = takes;
    variant.kernels.push_back(cell.kernel);
    for (const ReportProgram& program : cell.programs) {
      if (!serves(program.sign)) variant.without.emplace(program.name, why(program));
    }
  }

  std::string text(std::string_view title) const {
    std::string text = fmt::format("{}: {}\n", one_line(title), count_text());
    // Those of the most kernels first.
    std::vector<const Variant*> ordered;
    for (const auto& [takes, variant] : variants_) ordered.push_back(&variant);
    std::stable_sort(ordered.begin(), ordered.end(), [](const Variant* a, const Variant* b) {
      return a->kernels.size() > b->kernels.size();
    });
    for (const Variant* variant : ordered) text += text_of(*variant);
    if (!unknown_.empty())
      text += fmt::format("  not known on {}\n",
                          one_line(fmt::format("{}", fmt::join(unknown_, ", "))));
    return text;
  }

 private:
  static std::string one_line(std::string_view text) {
    return printable(std::string(text), Layout::one_line);
  }

  static std::string why(const ReportProgram& program) {
    std::string why(to_string(program.sign));
    std::replace(why.begin(), why.end(), '_', ' ');
    if (program.sign != Sign::not_tried && !program.sentence.empty())
      why += ": " + program.sentence.substr(0, kMaxWhy);
    return why;
  }

  std::string count_text() const {
    if (variants_.size() == 1) return "the same on all kernels";
    return fmt::format("{} variants", variants_.size());
  }

  std::string text_of(const Variant& variant) const {
    std::string text =
        fmt::format("  {}\n", one_line(fmt::format("{}", fmt::join(variant.kernels, ", "))));
    const std::string takes = variant.takes.empty()
                                  ? "none of its programs"
                                  : fmt::format("{}", fmt::join(variant.takes, ", "));
    text += fmt::format("    takes {}\n", one_line(takes));
    for (const auto& [program, reason] : variant.without)
      text += fmt::format("    not {}: {}\n", one_line(program.empty() ? "the object" : program),
                          one_line(reason));
    // A program that an application brings on other kernels, and here was not even seen.
    for (const std::string& program : all_) {
      const bool is_here = variant.without.contains(program) ||
                           std::binary_search(variant.takes.begin(), variant.takes.end(), program);
      if (!is_here) text += fmt::format("    not {}: not brought here\n", one_line(program));
    }
    return text;
  }

  std::map<std::vector<std::string>, Variant> variants_{};
  std::vector<std::string> unknown_{};
  std::set<std::string> all_{};
};

}  // namespace

std::string render_variants(const ReportView& view) {
  std::map<std::string, VariantsOfCase> cases;
  for (const ReportCell& cell : view.cells) {
    const std::string title =
        cell.loader == cell.case_id
            ? fmt::format("{} (BTF {})", cell.case_id, cell.btf)
            : fmt::format("{} (BTF {}, {})", cell.case_id, cell.btf, cell.loader);
    cases[title].take(cell);
  }
  std::string text;
  for (const auto& [title, variants] : cases) text += variants.text(title);
  return text;
}

}  // namespace bpfmatrix
