#include "matrix/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"

namespace bpfmatrix {

namespace {

/// The items any pattern matches, in the items' order; an error when a pattern matches none.
template <typename Item, typename Match>
Result<std::vector<Item>> select(const std::vector<Item>& items,
                                 const std::vector<std::string>& patterns, const std::string& what,
                                 Match match) {
  std::vector<bool> taken(items.size(), false);
  for (const std::string& pattern : patterns) {
    bool found = false;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!match(pattern, items[i])) continue;
      found = true;
      taken[i] = true;
    }
    if (found) continue;
    std::vector<std::string> ids;
    for (const Item& item : items) ids.push_back(item.id);
    return Error{fmt::format("unknown {} '{}'", what, pattern),
                 hint_for_unknown(pattern, ids, fmt::format("bpfmatrix {}s list", what))};
  }
  std::vector<Item> selected;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (taken[i]) selected.push_back(items[i]);
  }
  return selected;
}

bool runs_on(const CaseSpec& spec, Arch arch) {
  return std::find(spec.archs.begin(), spec.archs.end(), arch) != spec.archs.end();
}

void add_cells(std::vector<Cell>& cells, const PlanKernel& kernel, const CaseSpec& spec,
               const MatrixSpec& matrix) {
  if (!runs_on(spec, kernel.arch)) return;
  for (const BtfSource btf : matrix.btf.value_or(spec.btf)) {
    for (const std::string& loader : matrix.loaders.value_or(spec.loaders)) {
      cells.push_back(Cell{kernel, spec.id, btf, loader});
    }
  }
}

}  // namespace

std::string Cell::id() const {
  return fmt::format("{}/{}/{}/{}", kernel.id, case_id, to_string(btf), loader);
}

Result<Plan> make_plan(const MatrixSpec& matrix, const std::vector<PlanKernel>& known,
                       const std::vector<CaseSpec>& suite) {
  const auto kernels = select(
      known, matrix.kernels, "kernel",
      [](const std::string& pattern, const PlanKernel& k) { return glob_match(pattern, k.id); });
  if (!kernels) return kernels.error();
  const auto cases =
      select(suite, matrix.cases, "case", [](const std::string& pattern, const CaseSpec& c) {
        return glob_match(pattern, c.id) || glob_match(pattern, c.group + "/" + c.id);
      });
  if (!cases) return cases.error();

  Plan plan;
  for (const PlanKernel& kernel : *kernels) {
    for (const CaseSpec& spec : *cases) add_cells(plan.cells, kernel, spec, matrix);
  }
  if (plan.cells.empty()) {
    return Error{"nothing to run: no chosen case runs on a chosen kernel",
                 "see 'bpfmatrix kernels list' and 'bpfmatrix cases list'"};
  }
  return plan;
}

}  // namespace bpfmatrix
