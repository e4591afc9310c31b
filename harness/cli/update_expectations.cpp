#include "cli/update_expectations.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "analysis/expect/expectation_update.h"
#include "base/file.h"
#include "base/line_diff.h"
#include "cli/talk.h"
#include "matrix/case_spec.h"
#include "matrix/expectation_text.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxCaseBytes = 1 << 20;

bool all_kept(const CaseSpec& spec, const ExpectationUpdate& update) {
  return update.rules.size() == spec.expect.size() &&
         std::all_of(update.rules.begin(), update.rules.end(),
                     [](const UpdatedRule& one) { return one.kept.has_value(); });
}

std::vector<RuleSource> sources_of(const ExpectationUpdate& update) {
  std::vector<RuleSource> sources;
  for (const UpdatedRule& one : update.rules)
    sources.push_back(one.kept ? RuleSource(*one.kept) : RuleSource(one.rule));
  return sources;
}

Result<> rewrite(const fs::path& file, const ExpectationUpdate& updated, Update update) {
  const Result<std::string> before = read_file(file, kMaxCaseBytes);
  if (!before) return before.error();
  const std::string after = with_expectations(*before, sources_of(updated));
  print_text(line_diff(*before, after, file.string()));
  if (update == Update::preview) return {};
  if (::access(file.c_str(), W_OK) != 0 || ::access(file.parent_path().c_str(), W_OK) != 0) {
    return Error{fmt::format("'{}': no permission to write it", file.string()),
                 "copy the cases to your own folder, and set BPFMATRIX_DATA_DIR to it"};
  }
  return write_file(file, after);
}

}  // namespace

Result<> update_expectations_of(const fs::path& dir, const std::vector<Outcome>& outcomes,
                                Update update) {
  std::map<std::string, std::vector<Outcome>> by_case;
  for (const Outcome& outcome : outcomes) by_case[outcome.case_id].push_back(outcome);
  const Result<std::vector<fs::path>> files = case_files(dir);
  if (!files) return files.error();
  for (const fs::path& file : *files) {
    const Result<CaseSpec> spec = read_case(file);
    if (!spec) return spec.error();
    const auto seen = by_case.find(spec->id);
    if (seen == by_case.end()) continue;
    const Result<ExpectationUpdate> updated = update_expectations(spec->expect, seen->second);
    if (!updated) return wrap(fmt::format("case '{}'", spec->id), updated.error());
    for (const std::string& cell : updated->left)
      say(fmt::format("left as it is: {}: its outcome is not conclusive", cell));
    if (all_kept(*spec, *updated)) continue;
    if (Result<> done = rewrite(file, *updated, update); !done) return done;
  }
  return {};
}

}  // namespace bpfmatrix
