#include "core/testing/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "core/minimum.h"
#include "core/relocation.h"
#include "elf/object_types.h"

namespace bpfmatrix {

namespace {

std::string number(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "none";
}

/// What became of it, every number, and the bytes of the instruction before and after. Not the
/// reason: a type of which nothing is kept has no candidate, and had one without that field.
std::string words(const CoreResult& result) {
  std::string text =
      fmt::format("{} '{}': {} -> {}, {:016x} -> {:016x}", to_string(result.outcome), result.target,
                  number(result.local_value), number(result.target_value),
                  fmt::join(result.before, " "), fmt::join(result.after, " "));
  for (const CoreEdit& edit : result.edits) {
    text += fmt::format("; {}: {} -> {}", static_cast<int>(edit.field), edit.before, edit.after);
  }
  return text;
}

std::vector<CoreResult> results_of(const ElfFile& object, const Btf& target) {
  const auto types = read_object_types(object);
  EXPECT_TRUE(types) << types.error().message;
  if (!types || !*types) return {};
  const auto results = relocate(object, *(*types)->btf, (*types)->ext, {&target});
  EXPECT_TRUE(results) << results.error().message;
  return results ? *results : std::vector<CoreResult>();
}

void compare(const std::string& whole, const std::string& part, const CoreResult& of,
             CoreComparison& comparison) {
  if (whole == part) return;
  comparison.differences.push_back(fmt::format("{} #{} {} {}: {}, in part {}", of.section, of.index,
                                               to_string(of.kind), of.local, whole, part));
}

}  // namespace

CoreComparison compare_relocations(const ElfFile& object, const Btf& whole, const Btf& part) {
  const std::vector<CoreResult> whole_results = results_of(object, whole);
  const std::vector<CoreResult> part_results = results_of(object, part);
  CoreComparison comparison;
  EXPECT_EQ(whole_results.size(), part_results.size());
  if (whole_results.size() != part_results.size()) return comparison;
  for (std::size_t i = 0; i < whole_results.size(); ++i) {
    const CoreResult& one = whole_results[i];
    const CoreResult& other = part_results[i];
    if (one.kind == CoreRelocationKind::target_type_id) {
      ++comparison.kernel_ids;
      compare(one.target, other.target, one, comparison);
    } else {
      ++comparison.compared;
      compare(words(one), words(other), one, comparison);
    }
  }
  return comparison;
}

CoreComparison compare_with_minimum(const ElfFile& object, const Btf& whole) {
  CoreMinimum minimum({&whole});
  const Result<> added = minimum.add(object);
  EXPECT_TRUE(added) << added.error().message;
  const Result<std::string> written = minimum.write();
  EXPECT_TRUE(written) << written.error().message;
  if (!written) return {};
  const Result<Btf> part = Btf::parse(*written);
  EXPECT_TRUE(part) << part.error().message;
  return added && part ? compare_relocations(object, whole, *part) : CoreComparison();
}

}  // namespace bpfmatrix
