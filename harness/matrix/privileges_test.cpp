#include "matrix/privileges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ReadPrivileges {
  Privileges privileges{};
  std::string problem{};
  std::string hint{};
};

ReadPrivileges read_privileges(const char* text) {
  const Result<Json> json = parse_json(text, "case.json");
  EXPECT_TRUE(json) << text;
  ObjectReader reader(*json, "case.json");
  ReadPrivileges result{read_privileges(reader)};
  if (const Result<> finished = reader.finish(); !finished) {
    result.problem = finished.error().message;
    result.hint = finished.error().hint;
  }
  return result;
}

TEST(Privileges, are_unlimited_unless_the_case_says_less) {
  EXPECT_FALSE(read_privileges("{}").privileges.limited());
  EXPECT_FALSE(read_privileges(R"({"privileges": {}})").privileges.limited());
}

TEST(Privileges, hold_a_limit_a_list_and_a_level) {
  const ReadPrivileges all = read_privileges(R"({"privileges": {"memlock_bytes": 65536,
      "capabilities": ["CAP_BPF", "CAP_PERFMON"], "lockdown": "integrity"}})");
  EXPECT_EQ(all.problem, "");
  EXPECT_TRUE(all.privileges.limited());
  EXPECT_EQ(all.privileges.memlock_bytes, 65536U);
  EXPECT_THAT(*all.privileges.capabilities, ElementsAre("CAP_BPF", "CAP_PERFMON"));
  EXPECT_EQ(all.privileges.lockdown, "integrity");
}

TEST(Privileges, no_capability_at_all_is_a_limit) {
  const ReadPrivileges none = read_privileges(R"({"privileges": {"capabilities": []}})");
  EXPECT_TRUE(none.privileges.limited());
  EXPECT_TRUE(none.privileges.capabilities->empty());
}

TEST(Privileges, mistakes_are_named) {
  EXPECT_THAT(read_privileges(R"({"privileges": {"capabilities": ["CAP_ALL"]}})").problem,
              HasSubstr("unknown capability 'CAP_ALL'"));
  const ReadPrivileges level = read_privileges(R"({"privileges": {"lockdown": "total"}})");
  EXPECT_THAT(level.problem, HasSubstr("unknown level 'total'"));
  EXPECT_EQ(level.hint, "known: integrity, confidentiality");
  EXPECT_THAT(read_privileges(R"({"privileges": {"memlock_bytes": -1}})").problem,
              HasSubstr("negative"));
  EXPECT_THAT(read_privileges(R"({"privileges": {"memlock": 1}})").problem, HasSubstr("memlock"));
  EXPECT_NE(read_privileges(R"({"privileges": "none"})").problem, "");
}

}  // namespace
}  // namespace bpfmatrix
