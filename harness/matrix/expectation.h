// What a case expects where: an ordered list of rules, the first that holds decides.
//
//     "expect": [
//       {"when": "kernel < 5.8", "load": "failed", "cause": "map_type_unknown", "because": "..."},
//       {"load": "ok", "attach": ["ok", "not_reached"]}
//     ]
//
// A rule without `when` always holds, one without `program` is for every program. A field that a
// rule does not name is not looked at; `end` is expected to be completed unless a rule says else.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "matrix/condition.h"

namespace bpfmatrix {

/// The fields a rule may name, and for each the words it may expect. An empty list: any word,
/// checked where the words are known (`cause`).
struct ExpectableField {
  std::string_view name;
  std::vector<std::string_view> words;
};
const std::vector<ExpectableField>& expectable_fields();

struct ExpectationRule {
  Condition when{};
  /// A glob over the names of the object's programs.
  std::string program = "*";
  /// Field -> the words that are as expected. "observed.NAME" for single observed values.
  std::map<std::string, std::vector<std::string>> allowed{};
  /// Why: a commit, a version, a reason. For people.
  std::string because{};
};

/// Programs that do the same in several ways, of which a kernel needs one.
using OneOf = std::vector<std::string>;

/// All that is expected of a case.
struct Expectations {
  std::vector<ExpectationRule> rules{};
  std::vector<OneOf> one_of{};

  Expectations() = default;
  Expectations(std::vector<ExpectationRule> only) : rules(std::move(only)) {}
  Expectations(std::vector<ExpectationRule> some, std::vector<OneOf> groups)
      : rules(std::move(some)), one_of(std::move(groups)) {}
};

/// Of an object without a case: it loads, and attaches where its section says.
std::vector<ExpectationRule> default_expectations();

/// Of an application that is tried for its own sake: it comes up, and what it chooses to load is
/// loaded, and attached if it chooses to.
std::vector<ExpectationRule> app_expectations();

/// Reads the value of "expect". Error: `where`, the rule's place and what is wrong with it.
Result<std::vector<ExpectationRule>> read_expectations(const Json& json, const std::string& where);

/// The same, for those who want to know everything that is wrong: an error for each bad rule.
std::vector<Error> expectation_errors(const Json& json, const std::string& where);

}  // namespace bpfmatrix
