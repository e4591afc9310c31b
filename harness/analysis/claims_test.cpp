// cases/claims.json: what the field claims, and which outcomes of the suite answer it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "matrix/case_spec.h"

namespace bpfmatrix {
namespace {

const std::filesystem::path kCases = std::filesystem::path(BPFMATRIX_SOURCE_DIR) / "cases";
constexpr std::int64_t kClaims = 20;

Json claims() {
  const Result<std::string> text = read_file(kCases / "claims.json", 1 << 20);
  EXPECT_TRUE(text) << text.error().message;
  const Result<Json> json = parse_json(*text, "claims.json");
  EXPECT_TRUE(json) << json.error().message;
  return json->at("claims");
}

std::map<std::string, CaseSpec> suite() {
  std::map<std::string, CaseSpec> cases;
  const Result<std::vector<CaseSpec>> read = read_suite(kCases);
  EXPECT_TRUE(read) << read.error().message;
  for (const CaseSpec& spec : *read) cases.emplace(spec.id, spec);
  return cases;
}

/// What a rule may expect, and what only the record has.
bool is_field(const std::string& name) {
  const auto& fields = expectable_fields();
  return name == "run_cnt" || name == "run_time_ns" || name.starts_with("observed.") ||
         name.starts_with("kernel.") ||
         std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return f.name == name; });
}

TEST(Claims, every_one_is_there_once_and_settled_by_cases) {
  std::set<std::int64_t> seen;
  const auto cases = suite();
  for (const Json& claim : claims()) {
    EXPECT_TRUE(seen.insert(claim.at("id").get<std::int64_t>()).second) << claim.at("id");
    EXPECT_FALSE(claim.at("claim").get<std::string>().empty());
    EXPECT_FALSE(claim.at("cases").empty()) << claim.at("id");
    for (const Json& id : claim.at("cases")) EXPECT_TRUE(cases.contains(id)) << id;
  }
  for (std::int64_t id = 1; id <= kClaims; ++id) EXPECT_TRUE(seen.contains(id)) << id;
}

TEST(Claims, an_answer_is_of_a_case_that_is_run_with_that_btf_and_loader) {
  const auto cases = suite();
  for (const Json& claim : claims()) {
    std::set<std::string> answering;
    for (const Json& answer : claim.at("answers")) {
      const auto id = answer.at("case").get<std::string>();
      answering.insert(id);
      const auto btf = parse_btf_sources({answer.value("btf", "kernel")});
      ASSERT_TRUE(btf) << claim.at("id");
      const auto& run_with = cases.at(id).btf;
      EXPECT_NE(std::find(run_with.begin(), run_with.end(), btf->front()), run_with.end())
          << fmt::format("claim {}: {}", claim.at("id").get<int>(), id);
      const auto& loaders = cases.at(id).loaders;
      EXPECT_NE(std::find(loaders.begin(), loaders.end(), answer.value("loader", "libbpf")),
                loaders.end())
          << fmt::format("claim {}: {}", claim.at("id").get<int>(), id);
      EXPECT_FALSE(answer.at("fields").empty());
      for (const Json& field : answer.at("fields")) EXPECT_TRUE(is_field(field)) << field;
    }
    EXPECT_EQ(answering, claim.at("cases").get<std::set<std::string>>()) << claim.at("id");
  }
}

}  // namespace
}  // namespace bpfmatrix
