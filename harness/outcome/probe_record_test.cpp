#include "outcome/probe_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

TEST(ProbeRecord, lines_become_facts) {
  ProbeRecord record;
  for (const char* line : {
           R"({"number":"page_bytes","value":4096})",
           R"({"probed":"BPF_MAP_TYPE_ARENA","group":"map_type","answer":"no","errno":"EINVAL"})",
           R"({"probed":"fentry","group":"behaviour","answer":"yes","errno":null})",
           R"({"helper_count":209})",
           R"({"helpers_of":"BPF_PROG_TYPE_XDP","allowed":[1,44],"unknown":[12]})",
       }) {
    const Result<> added = record.add(line);
    ASSERT_TRUE(added) << added.error().message;
  }
  EXPECT_FALSE(record.done());
  ASSERT_TRUE(record.add(R"({"done":true})"));
  EXPECT_TRUE(record.done());
  KernelFacts facts;
  record.move_into(facts);
  EXPECT_EQ(facts.probe("map_type", "BPF_MAP_TYPE_ARENA").answer, Ternary::no);
  EXPECT_EQ(facts.probe("map_type", "BPF_MAP_TYPE_ARENA").errno_name, "EINVAL");
  EXPECT_EQ(facts.feature("fentry"), Ternary::yes);
  EXPECT_EQ(facts.helper_count, 209U);
  EXPECT_THAT(facts.helpers["BPF_PROG_TYPE_XDP"].allowed, ElementsAre(1U, 44U));
  EXPECT_EQ(facts.numbers["page_bytes"], 4096);
}

TEST(ProbeRecord, whatever_else_a_guest_says_is_an_error) {
  for (const char* line : {
           "",
           "no JSON",
           "[]",
           "{}",
           R"({"done":1})",
           R"({"probed":"x","group":"map_type","answer":"perhaps","errno":null})",
           R"({"probed":"x","group":"map_type","answer":"no","errno":null,"more":1})",
           R"({"helper_count":0})",
           R"({"helper_count":1000000})",
           R"({"helpers_of":"x","allowed":["one"],"unknown":[]})",
           R"({"helpers_of":"x","allowed":[-1],"unknown":[]})",
       }) {
    EXPECT_FALSE(ProbeRecord().add(line)) << line;
  }
}

TEST(ProbeRecord, nothing_comes_after_the_end_and_nothing_without_end) {
  ProbeRecord record;
  ASSERT_TRUE(record.add(R"({"done":true})"));
  EXPECT_FALSE(record.add(R"({"helper_count":1})"));
  ProbeRecord flooded;
  bool refused = false;
  for (int i = 0; i < 20'000; ++i) refused = !flooded.add(R"({"number":"x","value":1})") || refused;
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace bpfmatrix
