#include "analysis/causes/feature_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/causes/classify.h"
#include "analysis/expect/judge.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

Features some_features() {
  const auto feature = [](FeatureKind kind, const std::string& name, KernelVersion since,
                          std::optional<std::uint32_t> id = std::nullopt) {
    return Feature{.kind = kind, .name = name, .text = name, .id = id, .since = since};
  };
  return Features({feature(FeatureKind::helper, "bpf_loop", {5, 17, 0}, 181),
                   feature(FeatureKind::helper, "bpf_ringbuf_output", {5, 8, 0}, 130),
                   feature(FeatureKind::map_type, "BPF_MAP_TYPE_RINGBUF", {5, 8, 0}),
                   feature(FeatureKind::map_type, "BPF_MAP_TYPE_ARENA", {6, 9, 0}),
                   feature(FeatureKind::behaviour, "fentry", {5, 5, 0})},
                  {});
}

/// An enterprise kernel: 4.18 by name, with the ring buffer, and fentry configured away.
KernelFacts backported() {
  KernelFacts facts;
  facts.release = "4.18.0-348.el8.x86_64";
  facts.helper_count = 150;
  facts.helpers["BPF_PROG_TYPE_XDP"] = {{130}, {}};
  facts.probed["map_type"]["BPF_MAP_TYPE_RINGBUF"].answer = Ternary::yes;
  facts.probed["map_type"]["BPF_MAP_TYPE_ARENA"].answer = Ternary::no;
  return facts;
}

std::vector<std::string> disagreements(const KernelFacts& facts) {
  static const Features features = some_features();
  std::vector<std::string> texts;
  for (const Disagreement& one : check_features(features, facts)) texts.push_back(to_string(one));
  return texts;
}

TEST(FeatureCheck, a_backport_is_seen) {
  EXPECT_THAT(disagreements(backported()),
              ElementsAre("bpf_ringbuf_output: came in 5.8, but this kernel has it",
                          "BPF_MAP_TYPE_RINGBUF: came in 5.8, but this kernel has it"));
}

TEST(FeatureCheck, what_is_missing_although_new_enough_is_seen) {
  KernelFacts facts;
  facts.release = "6.1.0";
  facts.probed["behaviour"]["fentry"] = {Ternary::no, "ENOTSUPP"};
  EXPECT_THAT(disagreements(facts), ElementsAre("fentry: came in 5.5, but this kernel lacks it"));
}

TEST(FeatureCheck, what_is_not_known_disagrees_with_nothing) {
  KernelFacts facts;
  facts.release = "6.12.0";
  EXPECT_THAT(disagreements(facts), ElementsAre());
  facts = backported();
  facts.release = "no version";
  EXPECT_THAT(disagreements(facts), ElementsAre());
}

TEST(FeatureCheck, the_summary_counts_and_names_the_first) {
  const Features features = some_features();
  KernelFacts facts = backported();
  EXPECT_EQ(summary(check_features(features, facts)),
            "2 features that came later (bpf_ringbuf_output, BPF_MAP_TYPE_RINGBUF)");
  facts.release = "5.10.0";
  facts.probed["behaviour"]["fentry"].answer = Ternary::no;
  facts.probed["map_type"]["BPF_MAP_TYPE_ARENA"].answer = Ternary::yes;
  EXPECT_EQ(summary(check_features(features, facts)),
            "1 feature that came later (BPF_MAP_TYPE_ARENA), 1 feature missing that its version "
            "should have (fentry)");
  EXPECT_EQ(summary({}), "");
}

TEST(FeatureCheck, has_asks_for_a_helper_of_one_type_too) {
  const Features features = some_features();
  const KernelFacts facts = backported();
  EXPECT_EQ(has_feature("bpf_loop", features, facts), Ternary::no);
  EXPECT_EQ(has_feature("xdp.bpf_ringbuf_output", features, facts), Ternary::yes);
  EXPECT_EQ(has_feature("kprobe.bpf_ringbuf_output", features, facts), Ternary::unknown);
  EXPECT_EQ(has_feature("no_such_word", features, facts), Ternary::unknown);
}

TEST(FeatureCheck, conditions_are_answered_by_facts) {
  const Features features = some_features();
  KernelFacts facts = backported();
  facts.symbols.add(SymbolList::kallsyms, {"__x64_sys_connect"});
  facts.config.emplace();
  facts.config->emplace("FPROBE", "y");
  const ConditionFacts answers = condition_facts(Outcome(), &facts, &features);
  const auto holds = [&](const char* text) {
    const Result<Condition> condition = Condition::parse(text);
    EXPECT_TRUE(condition) << text;
    return condition->holds(answers);
  };
  EXPECT_EQ(holds("has(BPF_MAP_TYPE_RINGBUF) and not has(bpf_loop)"), Ternary::yes);
  EXPECT_EQ(holds("config(FPROBE)"), Ternary::yes);
  EXPECT_EQ(holds("config(BPF_LSM)"), Ternary::no);
  EXPECT_EQ(holds("symbol(__x64_sys_connect) and not symbol(sys_connect)"), Ternary::yes);
  EXPECT_EQ(holds("has(fentry)"), Ternary::unknown);
}

TEST(FeatureCheck, causes_are_told_by_facts) {
  Outcome outcome;
  outcome.maps = {{"m", "bloom_filter", {StageResult::failed, "EINVAL", ""}}};
  outcome.programs.resize(1);
  KernelFacts facts;
  const auto cause = [&] { return diagnose_program(outcome, outcome.programs[0], &facts)->cause; };
  EXPECT_EQ(cause(), Cause::map_create_failed);
  facts.probed["map_type"]["BPF_MAP_TYPE_BLOOM_FILTER"].answer = Ternary::no;
  EXPECT_EQ(cause(), Cause::map_type_unknown);
  outcome.maps[0].type = "type 200";
  EXPECT_EQ(cause(), Cause::map_create_failed);
  facts.numbers["map_type_count"] = 34;
  EXPECT_EQ(cause(), Cause::map_type_unknown);
}

}  // namespace
}  // namespace bpfmatrix
