#include "cell/loader_record.h"

#include <gtest/gtest.h>

#include "outcome/outcome_json.h"

namespace bpfmatrix {
namespace {

constexpr const char* kTranscript[] = {
    R"({"event":"loader","name":"libbpf","version":"1.4.6"})",
    R"({"event":"open","result":"ok","errno":null,"message":null})",
    R"({"event":"program","name":"a","section":"kprobe/x","type":"kprobe"})",
    R"({"event":"program","name":"b","section":"xdp","type":"xdp"})",
    R"({"event":"map","name":"m","type":"hash","result":"ok","errno":null,"message":null})",
    R"({"event":"relocate","result":"ok","errno":null,"message":null,"applied":2,"skipped":0,"poisoned":1})",
    R"({"event":"load","program":"a","result":"ok","errno":null,"message":null,"stats":{"insns":41,"xlated_bytes":null},"log_bytes":0,"log_truncated":false})",
    R"({"event":"log","program":"b","text":"R0 "})",
    R"({"event":"log","program":"b","text":"!read_ok\n"})",
    R"({"event":"load","program":"b","result":"failed","errno":"EACCES","message":"no","stats":null,"log_bytes":12,"log_truncated":false})",
    R"({"event":"attach","program":"a","result":"ok","errno":null,"message":null,"method":"kprobe","requested":"x","actual":"x"})",
    R"({"event":"ready"})",
    R"({"event":"observed","map":"observed","values":{"hits":1,"ret":-115,"comm":"trig","big":18446744073709551615}})",
    R"({"event":"ran","program":"a","run_cnt":3,"run_time_ns":4500})",
    R"({"event":"done"})",
};

TEST(LoaderRecord, a_command_ended_in_one_of_two_ways) {
  LoaderRecord record;
  ASSERT_TRUE(
      record.add(R"({"event":"app","exit_code":null,"signal":9,"stop_signal":9,"probes":12})"));
  Outcome outcome;
  record.move_into(outcome);
  ASSERT_TRUE(outcome.command);
  EXPECT_EQ(outcome.command->signal, 9);
  EXPECT_EQ(outcome.command->probes, 12);
  EXPECT_FALSE(outcome.command->failed()) << "it was told to";
  for (const char* line :
       {R"({"event":"app","exit_code":null,"signal":null,"stop_signal":null,"probes":0})",
        R"({"event":"app","exit_code":1,"signal":9,"stop_signal":null,"probes":0})",
        R"({"event":"app","exit_code":-1,"signal":null,"stop_signal":null,"probes":0})"}) {
    EXPECT_FALSE(LoaderRecord().add(line)) << line;
  }
}

TEST(LoaderRecord, knows_when_the_kernels_btf_was_parsed) {
  LoaderRecord record;
  EXPECT_FALSE(record.btf_parsed_ahead()) << "nobody asked for it";
  ASSERT_TRUE(record.add(R"({"event":"kernel_btf","parsed":"now"})"));
  EXPECT_FALSE(record.btf_parsed_ahead());
  ASSERT_TRUE(record.add(R"({"event":"kernel_btf","parsed":"ahead"})"));
  EXPECT_TRUE(record.btf_parsed_ahead());
  EXPECT_FALSE(record.add(R"({"event":"kernel_btf","parsed":"later"})"));
}

TEST(LoaderRecord, a_transcript_becomes_an_outcome) {
  LoaderRecord record;
  for (const char* line : kTranscript) ASSERT_TRUE(record.add(line)) << line;
  EXPECT_TRUE(record.ready());
  EXPECT_TRUE(record.done());
  EXPECT_EQ(record.logs().at("b"), "R0 !read_ok\n");
  Outcome outcome;
  record.move_into(outcome);
  EXPECT_EQ(outcome.loader_version, "1.4.6");
  EXPECT_EQ(outcome.relocation.poisoned, 1);
  ASSERT_EQ(outcome.programs.size(), 2U);
  EXPECT_EQ(outcome.programs[0].load.stats.insns, 41U);
  EXPECT_EQ(outcome.programs[0].attach.taken, "x");
  EXPECT_EQ(outcome.programs[1].load.stage.errno_name, "EACCES");
  EXPECT_EQ(outcome.programs[1].load.log_tail, "R0 !read_ok");
  EXPECT_EQ(outcome.programs[1].attach.stage.result, StageResult::not_tried);
  EXPECT_EQ(outcome.programs[0].run.run_cnt, 3U);
  EXPECT_EQ(outcome.programs[0].run.run_time_ns, 4500U);
  EXPECT_EQ(outcome.programs[1].run.run_cnt, std::nullopt);
  ASSERT_EQ(outcome.observed.size(), 4U);
  EXPECT_EQ(outcome.observed[0].value, Scalar(std::uint64_t{18446744073709551615U}));
  EXPECT_EQ(outcome.observed[1].value, Scalar("trig"));
  EXPECT_EQ(outcome.observed[3].value, Scalar(std::int64_t{-115}));
}

constexpr const char* kBad[] = {
    "",
    "not json",
    R"({"event":"surprise"})",
    R"({"event":"open","result":"maybe"})",
    R"({"event":"open","result":"ok","extra":1})",
    R"({"event":"load","program":"nobody","result":"ok"})",
    R"({"event":"relocate","result":"ok","applied":-1})",
    R"({"event":"log","program":"nobody","text":"x"})",
    R"({"event":"observed","map":"other","values":{}})",
    R"({"event":"observed","map":"observed"})",
    R"({"event":"observed","map":"observed","values":{"a":1.5}})",
    R"({"event":"observed","map":"observed","values":{"a":null}})",
    R"({"event":"ran","program":"nobody","run_cnt":1,"run_time_ns":1})",
};
TEST(LoaderRecord, what_the_contract_does_not_allow_is_an_error) {
  for (const char* line : kBad) {
    LoaderRecord record;
    EXPECT_FALSE(record.add(line)) << line;
  }
}

TEST(LoaderRecord, nothing_may_follow_done) {
  LoaderRecord record;
  ASSERT_TRUE(record.add(R"({"event":"done"})"));
  EXPECT_FALSE(record.add(R"({"event":"ready"})"));
}

TEST(LoaderRecord, a_log_has_a_limit) {
  LoaderRecord record;
  ASSERT_TRUE(record.add(kTranscript[2]));
  const std::string piece =
      R"({"event":"log","program":"a","text":")" + std::string(1 << 20, 'x') + R"("})";
  bool refused = false;
  for (int i = 0; i < 20 && !refused; ++i) refused = !record.add(piece);
  EXPECT_TRUE(refused);
}

TEST(LogTail, gives_the_end_of_a_text) {
  EXPECT_EQ(log_tail("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(log_tail("a\nb", 5), "a\nb");
  EXPECT_EQ(log_tail("", 2), "");
  EXPECT_EQ(log_tail("\n\n", 2), "");
  EXPECT_EQ(log_tail(std::string(100000, 'x'), 1).size(), 8192U);
}

TEST(LogTail, never_begins_inside_a_character) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "ü";
  EXPECT_EQ(static_cast<unsigned char>(log_tail("x" + text, 1).front()), 0xc3);
}

TEST(LogTail, keeps_the_verdict_before_a_long_report) {
  std::string log = "8: (bf) r0 = r7\nR7 !read_ok\n\nVerification failed: Memory Safety: x\n\n";
  for (int i = 0; i < 2000; ++i) log += "  a line of the report\n";
  const std::string tail = log_tail(log, 24);
  EXPECT_TRUE(tail.starts_with("8: (bf) r0 = r7\nR7 !read_ok\n\nVerification failed: ")) << tail;
  EXPECT_LT(tail.size(), 5000U);
}

}  // namespace
}  // namespace bpfmatrix
