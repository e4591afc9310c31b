#include "repro/bisect.h"

#include <algorithm>
#include <cctype>

#include "repro/nearest_kernel.h"

namespace bpfmatrix {

namespace {

/// One side of the recorded kernel, from near to far.
class Search {
 public:
  Search(const std::vector<std::string>& kernels, const TryKernel& try_kernel)
      : kernels_(kernels), try_(try_kernel) {
    for (std::size_t i = 0; i < kernels.size(); ++i) left_.push_back(i);
  }

  /// True: one differs.
  bool run() {
    std::size_t same = 0;  // so many of those left, from the near end, are as recorded
    std::size_t different = left_.size();
    while (same < different) {
      const std::size_t middle = (same + different) / 2;
      Replay replay = try_(kernels_[left_[middle]]);
      if (replay.result != Reproduced::unavailable) ++tried;
      switch (replay.result) {
        case Reproduced::reproduced:
          same = middle + 1;
          break;
        case Reproduced::different:
          different = middle;
          differences = std::move(replay.differences);
          break;
        case Reproduced::unavailable:
          skipped_.push_back(left_[middle]);
          left_.erase(left_.begin() + static_cast<std::ptrdiff_t>(middle));
          --different;
          break;
      }
    }
    found_ = different;
    return found_ < left_.size();
  }

  /// The nearest that differs, and the one before it; nothing: that is the recorded one.
  const std::string& found() const { return kernels_[left_[found_]]; }
  std::optional<std::string> before() const {
    return found_ > 0 ? std::optional(kernels_[left_[found_ - 1]]) : std::nullopt;
  }
  /// Between the two; where none differs, all that were skipped.
  std::vector<std::string> skipped() const {
    const std::size_t end = found_ < left_.size() ? left_[found_] : kernels_.size();
    const bool all = found_ >= left_.size() || found_ == 0;
    std::vector<std::string> ids;
    for (const std::size_t i : skipped_) {
      if (i < end && (all || i > left_[found_ - 1])) ids.push_back(kernels_[i]);
    }
    return ids;
  }

  std::size_t tried = 0;
  std::vector<std::string> differences{};

 private:
  const std::vector<std::string>& kernels_;
  const TryKernel& try_;
  /// Places in kernels_ of those that could be tried, or may be.
  std::vector<std::size_t> left_{};
  std::vector<std::size_t> skipped_{};
  std::size_t found_ = 0;
};

bool by_version(const BisectKernel& one, const BisectKernel& other) {
  return one.version < other.version;
}

}  // namespace

std::optional<KernelVersion> version_in_id(std::string_view id) {
  if (distribution_of(id) == "el") return std::nullopt;  // the number is the distribution's
  for (std::size_t at = 0; at + 1 < id.size(); ++at) {
    const bool starts =
        std::isdigit(static_cast<unsigned char>(id[at])) != 0 && (at == 0 || id[at - 1] == '-');
    if (!starts) continue;
    const std::string_view rest = id.substr(at);
    if (const auto version = parse_kernel_version(rest)) return version;
    const std::size_t dot = rest.find(".x");
    if (dot == std::string_view::npos) continue;
    if (const auto version = parse_kernel_version(std::string(rest.substr(0, dot)) + ".0"))
      return version;
  }
  return std::nullopt;
}

void sort_by_version(std::vector<BisectKernel>& kernels) {
  std::stable_sort(kernels.begin(), kernels.end(), by_version);
}

BisectPlan plan_bisect(const std::vector<BisectKernel>& kernels, const BisectKernel& recorded) {
  BisectPlan plan{.recorded = recorded.id};
  const auto own = std::find_if(kernels.begin(), kernels.end(),
                                [&](const BisectKernel& one) { return one.id == recorded.id; });
  const auto place =
      own != kernels.end()
          ? own
          : std::find_if(kernels.begin(), kernels.end(),
                         [&](const BisectKernel& one) { return recorded.version < one.version; });
  for (auto at = kernels.begin(); at != kernels.end(); ++at) {
    if (at == own) continue;
    (at < place ? plan.older : plan.newer).push_back(at->id);
  }
  return plan;
}

BisectEnd bisect(const BisectPlan& plan, const TryKernel& try_kernel) {
  BisectEnd end;
  for (const bool newer : {true, false}) {
    std::vector<std::string> kernels = newer ? plan.newer : plan.older;
    if (!newer) std::reverse(kernels.begin(), kernels.end());
    Search search(kernels, try_kernel);
    const bool found = search.run();
    end.tried += search.tried;
    const std::vector<std::string> skipped = search.skipped();
    if (!found) {
      end.skipped.insert(end.skipped.end(), skipped.begin(), skipped.end());
      continue;
    }
    const std::string near = search.before().value_or(plan.recorded);
    end.older_as_recorded = newer;
    end.change = newer ? std::pair(near, search.found()) : std::pair(search.found(), near);
    end.differences = std::move(search.differences);
    end.skipped = skipped;
    return end;
  }
  return end;
}

}  // namespace bpfmatrix
