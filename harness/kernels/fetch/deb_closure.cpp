#include "kernels/fetch/deb_closure.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "base/nearest.h"

namespace bpfmatrix {

namespace {

constexpr std::size_t kMaxClosure = 1024;

std::string relation_text(const DebAlternatives& alternatives) {
  std::string text;
  for (const DebRelation& relation : alternatives) {
    text += (text.empty() ? "'" : " | '") + relation.package + "'";
    if (!relation.comparison.empty())
      text += fmt::format(" ({} {})", relation.comparison, relation.version);
  }
  return text;
}

class DebClosure {
 public:
  explicit DebClosure(const std::vector<DebPackage>& packages) {
    for (const DebPackage& package : packages) {
      named_[package.name].push_back(&package);
      for (const DebAlternatives& provided : package.provides)
        provided_[provided.front().package].push_back({&package, &provided.front()});
    }
  }

  Result<std::vector<DebPackage>> run(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const DebPackage* package = newest_named(DebRelation{name});
      if (package == nullptr) return unknown(name);
      take(package);
    }
    for (std::size_t at = 0; at < found_.size(); ++at) {
      const DebPackage* package = found_[at];
      for (const auto* groups : {&package->pre_depends, &package->depends}) {
        for (const DebAlternatives& alternatives : *groups) {
          if (Result<> met = meet(*package, alternatives); !met) return std::move(met).error();
        }
      }
    }
    std::vector<DebPackage> packages;
    for (const DebPackage* package : found_) packages.push_back(*package);
    return packages;
  }

 private:
  struct Provider {
    const DebPackage* package;
    const DebRelation* as;
  };

  Result<> meet(const DebPackage& package, const DebAlternatives& alternatives) {
    const DebPackage* found = nullptr;
    for (const DebRelation& relation : alternatives) {
      if (is_taken(relation)) return {};
    }
    for (const DebRelation& relation : alternatives) {
      found = newest_named(relation);
      if (found == nullptr) found = first_provider(relation);
      if (found != nullptr) break;
    }
    if (found == nullptr) {
      return Error{fmt::format("package '{}' depends on {}, which the suite does not have",
                               package.name, relation_text(alternatives))};
    }
    if (found_.size() == kMaxClosure) {
      return Error{fmt::format("package '{}' leads to more than {} others", found_.front()->name,
                               kMaxClosure)};
    }
    take(found);
    return {};
  }

  bool is_taken(const DebRelation& relation) const {
    const auto named = named_.find(relation.package);
    if (named != named_.end()) {
      for (const DebPackage* package : named->second) {
        if (taken_.contains(package) && relation.accepts(package->version)) return true;
      }
    }
    const auto provided = provided_.find(relation.package);
    if (provided == provided_.end()) return false;
    for (const Provider& one : provided->second) {
      if (taken_.contains(one.package) && fits(one, relation)) return true;
    }
    return false;
  }

  const DebPackage* newest_named(const DebRelation& relation) const {
    const DebPackage* best = nullptr;
    const auto named = named_.find(relation.package);
    if (named == named_.end()) return best;
    for (const DebPackage* package : named->second) {
      if (!relation.accepts(package->version)) continue;
      if (best == nullptr || compare_deb_versions(package->version, best->version) > 0)
        best = package;
    }
    return best;
  }

  /// Who provides a name without a version meets no relation that wants one (Policy 7.5).
  static bool fits(const Provider& provider, const DebRelation& relation) {
    if (relation.comparison.empty()) return true;
    return !provider.as->version.empty() && relation.accepts(provider.as->version);
  }

  const DebPackage* first_provider(const DebRelation& relation) const {
    const auto provided = provided_.find(relation.package);
    if (provided == provided_.end()) return nullptr;
    for (const Provider& one : provided->second) {
      if (fits(one, relation)) return one.package;
    }
    return nullptr;
  }

  void take(const DebPackage* package) {
    if (taken_.insert(package).second) found_.push_back(package);
  }

  Error unknown(const std::string& name) const {
    std::vector<std::string> known;
    for (const auto& [one, packages] : named_) known.push_back(one);
    const std::string meant = nearest(name, known);
    return Error{fmt::format("package '{}': the suite does not have it", name),
                 meant.empty() ? "" : fmt::format("did you mean '{}'?", meant)};
  }

  std::unordered_map<std::string, std::vector<const DebPackage*>> named_{};
  std::unordered_map<std::string, std::vector<Provider>> provided_{};
  std::set<const DebPackage*> taken_{};
  std::vector<const DebPackage*> found_{};
};

}  // namespace

Result<std::vector<DebPackage>> follow_depends(const std::vector<DebPackage>& packages,
                                               const std::vector<std::string>& names) {
  return DebClosure(packages).run(names);
}

}  // namespace bpfmatrix
