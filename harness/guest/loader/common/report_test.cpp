#include "guest/loader/common/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <sstream>
#include <vector>

#include "guest/common/errno_name.h"

namespace bpfmatrix::guest {
namespace {

std::vector<Json> events_of(const std::function<void()>& report) {
  testing::internal::CaptureStdout();
  report();
  std::istringstream lines(testing::internal::GetCapturedStdout());
  std::vector<Json> events;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 512U * 1024);
    events.push_back(Json::parse(line, nullptr, false));
  }
  return events;
}

std::string joined_log(const std::vector<Json>& events) {
  std::string text;
  for (const Json& event : events) {
    if (event["event"] == "log") text += event["text"].get<std::string>();
  }
  return text;
}

TEST(Report, a_refusal_carries_errno_and_message) {
  const auto events = events_of([] {
    report_map({"events", "ringbuf", {true, -EINVAL, "map 'events': failed to create"}});
  });
  EXPECT_EQ(events[0], Json::parse(R"({"event":"map","name":"events","type":"ringbuf",
      "result":"failed","errno":"EINVAL","message":"map 'events': failed to create",
      "attributes_known":null})"));
}

TEST(Report, an_error_number_of_libbpfs_own_has_no_name) {
  const auto events = events_of([] { report_open({true, -4003, "not an ELF file"}); });
  EXPECT_EQ(events[0]["errno"], nullptr);
  EXPECT_EQ(events[0]["result"], "failed");
}

TEST(Report, what_is_not_known_is_null) {
  const auto events = events_of([] { report_relocate({}, 3, 0, std::nullopt); });
  EXPECT_EQ(events[0], Json::parse(R"({"event":"relocate","result":"ok","errno":null,
      "message":null,"applied":3,"skipped":0,"poisoned":null})"));
}

TEST(Report, what_was_seen_is_values_by_name) {
  const auto events = events_of([] {
    report_observed("observed", {{"hits", 1}, {"comm", "caf\xe9"}});
    report_ran("p", 3, 4500);
  });
  EXPECT_EQ(events[0], Json::parse(R"({"event":"observed","map":"observed",
      "values":{"hits":1,"comm":"caf\\xe9"}})"));
  EXPECT_EQ(events[1],
            Json::parse(R"({"event":"ran","program":"p","run_cnt":3,"run_time_ns":4500})"));
}

LoadReport refused_with(const std::string& log) {
  LoadReport report;
  report.program = "p";
  report.stage = {true, EACCES, ""};
  report.log = log;
  return report;
}

TEST(Report, the_log_comes_in_pieces_before_the_verdict) {
  std::string log;
  while (log.size() < 300'000) log += "0: (b7) r0 = 0 ; caf\xc3\xa9\n";
  const auto events = events_of([&] { report_load(refused_with(log)); });
  EXPECT_GT(events.size(), 2U);
  EXPECT_EQ(joined_log(events), log);
  EXPECT_EQ(events.back()["event"], "load");
  EXPECT_EQ(events.back()["errno"], "EACCES");
  EXPECT_EQ(events.back()["log_bytes"], log.size());
  EXPECT_EQ(events.back()["log_truncated"], false);
}

TEST(Report, a_log_over_a_mebibyte_loses_its_beginning_and_says_so) {
  const std::string log = std::string(3 << 20, 'a') + "the reason";
  const auto events = events_of([&] { report_load(refused_with(log)); });
  EXPECT_EQ(joined_log(events).size(), 1U << 20);
  EXPECT_THAT(joined_log(events), testing::EndsWith("the reason"));
  EXPECT_EQ(events.back()["log_bytes"], log.size());
  EXPECT_EQ(events.back()["log_truncated"], true);
}

TEST(Report, binary_logs_stay_within_the_contract) {
  std::string log(200'000, '\0');
  for (std::size_t i = 0; i < log.size(); ++i) log[i] = static_cast<char>(i * 7);
  const auto events = events_of([&] { report_load(refused_with(log)); });
  for (const Json& event : events) EXPECT_FALSE(event.is_discarded());
}

TEST(Report, what_a_section_does_not_ask_for_was_not_taken_either) {
  const auto events = events_of([] { report_attach({"p", {}, "xdp", "lo", ""}); });
  EXPECT_EQ(events[0]["actual"], nullptr);
  EXPECT_EQ(events[0]["requested"], "lo");
}

TEST(ErrnoName, knows_the_kernels_own) {
  EXPECT_EQ(errno_name(EACCES), "EACCES");
  EXPECT_EQ(errno_name(-E2BIG), "E2BIG");
  EXPECT_EQ(errno_name(95), "EOPNOTSUPP");
  EXPECT_EQ(errno_name(524), "ENOTSUPP");
  EXPECT_EQ(errno_name(-524), "ENOTSUPP");
  EXPECT_EQ(errno_name(4003), "errno 4003");
}

TEST(Report, instructions_go_out_in_pieces_in_the_order_of_memory) {
  SentProgram sent{.insns = std::vector<std::uint64_t>(5000, 0x0807060504030201),
                   .functions = {{0, 7}, {4990, 12}}};
  const auto events = events_of([&] { report_insns("p", sent); });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["hex"].get<std::string>().substr(0, 18), "010203040506070801");
  EXPECT_EQ(events[0]["hex"].get<std::string>().size(), 4096U * 16);
  EXPECT_EQ(events[0]["functions"],
            Json::parse(R"([{"insn":0,"type":7},{"insn":4990,"type":12}])"));
  EXPECT_EQ(events[1]["first"], 4096);
  EXPECT_FALSE(events[1].contains("functions"));
}

TEST(Report, a_relocation_says_what_was_put_where) {
  const LoggedRelocation done{
      .function = "p", .index = 3, .insn = 9, .edits = {{"imm64", UINT64_MAX, 2432}}};
  const auto events = events_of([&] { report_relocation(done); });
  EXPECT_EQ(events.at(0), Json::parse(R"({"event":"relocation","function":"p","index":3,"insn":9,
    "result":"resolved","edits":[{"field":"imm64","before":18446744073709551615,"after":2432}]})"));
}

}  // namespace
}  // namespace bpfmatrix::guest
