#include "cell/loader_record.h"

#include <gtest/gtest.h>

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

LoaderRecord record_of(const char* line) {
  LoaderReader reader;
  EXPECT_TRUE(reader.add(line)) << line;
  return reader.take();
}

TEST(LoaderRecord, an_application_ended_in_one_of_two_ways) {
  const LoaderRecord record =
      record_of(R"({"event":"app","exit_code":null,"signal":9,"stop_signal":9,"probes":12})");
  ASSERT_TRUE(record.app);
  EXPECT_EQ(record.app->signal, 9);
  EXPECT_EQ(record.app->stop_signal, 9);
  EXPECT_EQ(record.app->probes, 12);
  for (const char* line :
       {R"({"event":"app","exit_code":null,"signal":null,"stop_signal":null,"probes":0})",
        R"({"event":"app","exit_code":1,"signal":9,"stop_signal":null,"probes":0})",
        R"({"event":"app","exit_code":-1,"signal":null,"stop_signal":null,"probes":0})"}) {
    EXPECT_FALSE(LoaderReader().add(line)) << line;
  }
}

TEST(LoaderRecord, says_when_the_BTF_was_parsed) {
  EXPECT_TRUE(record_of(R"({"event":"kernel_btf","parsed":"ahead"})").btf_parsed_ahead);
  EXPECT_FALSE(record_of(R"({"event":"kernel_btf","parsed":"now"})").btf_parsed_ahead);
}

TEST(LoaderRecord, is_put_together_by_program_and_map) {
  LoaderReader reader;
  for (const char* line : kTranscript) ASSERT_TRUE(reader.add(line)) << line;
  const LoaderRecord record = reader.take();
  EXPECT_TRUE(record.ready);
  EXPECT_TRUE(record.done);
  EXPECT_EQ(record.loader, "libbpf");
  EXPECT_EQ(record.version, "1.4.6");
  EXPECT_EQ(record.poisoned, 1);
  ASSERT_EQ(record.maps.size(), 1U);
  EXPECT_EQ(record.maps[0].type, "hash");
  ASSERT_EQ(record.programs.size(), 2U);
  const SaidProgram& a = record.programs[0];
  const SaidProgram& b = record.programs[1];
  EXPECT_EQ(a.stats.insns, 41U);
  EXPECT_EQ(a.method, "kprobe");
  EXPECT_EQ(a.requested, "x");
  EXPECT_EQ(a.actual, "x");
  EXPECT_EQ(a.run_cnt, 3U);
  EXPECT_EQ(a.run_time_ns, 4500U);
  EXPECT_EQ(b.load.errno_name, "EACCES");
  EXPECT_EQ(b.log, "R0 !read_ok\n");
  EXPECT_EQ(b.attach.result, StageResult::not_reached);
  EXPECT_EQ(b.run_cnt, std::nullopt);
  ASSERT_EQ(record.observed.size(), 4U);
  EXPECT_EQ(record.observed[0].value, Scalar(std::uint64_t{18446744073709551615U}));
  EXPECT_EQ(record.observed[1].value, Scalar("trig"));
  EXPECT_EQ(record.observed[3].value, Scalar(std::int64_t{-115}));
}

TEST(LoaderRecord, what_shares_the_kernel_is_kept_apart) {
  LoaderReader reader;
  for (
      const char* line :
      {R"({"event":"beside","object":"first","program":"on_packet","result":"ok","errno":null,"message":null,"method":"xdp","requested":"lo"})",
       R"({"event":"beside","object":"other","program":"","result":"failed","errno":"EINVAL","message":"no","method":"","requested":""})",
       R"({"event":"beside_ran","object":"first","program":"on_packet","run_cnt":7})"}) {
    const auto added = reader.add(line);
    EXPECT_TRUE(added) << added.error().message;
  }
  ASSERT_EQ(reader.record().beside.size(), 2U);
  EXPECT_EQ(reader.record().beside[0].run_cnt, 7U);
  EXPECT_EQ(reader.record().beside[1].stage.errno_name, "EINVAL");
  EXPECT_TRUE(reader.record().programs.empty());
}

constexpr const char* kBadRecords[] = {
    "",
    R"({"event":"beside_ran","object":"first","program":"on_packet","run_cnt":7})",
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
    R"({"event":"kernel_btf","parsed":"later"})",
};
TEST(LoaderRecord, a_contradiction_is_an_error) {
  const std::vector<std::vector<const char*>> records{
      {R"({"event":"open","result":"ok","errno":"EINVAL","message":null})"},
      {R"({"event":"open","result":"ok","errno":null,"message":"invalid argument"})"},
      {R"({"event":"open","result":"failed","errno":"EINVAL","message":null})",
       R"({"event":"open","result":"ok","errno":null,"message":null})"},
      {kTranscript[5], kTranscript[5]},
      {kTranscript[2], kTranscript[6], kTranscript[6]},
      {kTranscript[2], kTranscript[6], kTranscript[10], kTranscript[10]},
      {kTranscript[2], kTranscript[10]},
  };
  for (const auto& lines : records) {
    LoaderReader reader;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) ASSERT_TRUE(reader.add(lines[i]));
    EXPECT_FALSE(reader.add(lines.back())) << lines.back();
  }
}

TEST(LoaderRecord, what_the_contract_does_not_allow_is_an_error) {
  for (const char* line : kBadRecords) {
    LoaderReader reader;
    EXPECT_FALSE(reader.add(line)) << line;
  }
}

TEST(LoaderRecord, nothing_may_follow_done) {
  LoaderReader reader;
  ASSERT_TRUE(reader.add(R"({"event":"done"})"));
  EXPECT_FALSE(reader.add(R"({"event":"ready"})"));
}

TEST(LoaderRecord, a_log_has_a_limit) {
  LoaderReader reader;
  ASSERT_TRUE(reader.add(kTranscript[2]));
  const std::string piece =
      R"({"event":"log","program":"a","text":")" + std::string(1 << 20, 'x') + R"("})";
  bool refused = false;
  for (int i = 0; i < 20 && !refused; ++i) refused = !reader.add(piece);
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace bpfmatrix
