#include "guest/loader/app/app_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace bpfmatrix::guest {
namespace {

using ::testing::ElementsAre;

/// The kernel of these tests holds what has an id below 100.
AppRecord new_record() {
  const auto held = [](std::uint32_t id) { return id < 100; };
  return AppRecord({{"on_connect", "kprobe/tcp_connect", "kprobe", 20},
                    {"on_accept", "kprobe/inet_accept", "kprobe", 20},
                    {"on_open", "tracepoint/fs/open", "tracepoint", 20}},
                   {"events", "object.rodata"}, {held, held});
}

ProgramSent sent(const std::string& name, const std::string& type, int error,
                 std::optional<std::uint32_t> id, std::uint64_t instructions = 20) {
  ProgramSent program{{name, type, instructions}, error, id, {}};
  program.report.stage = {error != 0, error, {}};
  return program;
}

std::vector<Json> report_of(AppRecord& record) {
  testing::internal::CaptureStdout();
  record.report();
  std::istringstream lines(testing::internal::GetCapturedStdout());
  std::vector<Json> events;
  for (std::string line; std::getline(lines, line);) events.push_back(Json::parse(line));
  return events;
}

Json event_of(const std::vector<Json>& events, const std::string& event, const std::string& key,
              const std::string& value) {
  for (const Json& candidate : events) {
    if (candidate["event"] == event && candidate[key] == value) return candidate;
  }
  return nullptr;
}

std::vector<std::string> names_of(const std::vector<Json>& events) {
  std::vector<std::string> names;
  for (const Json& event : events) names.push_back(event["event"]);
  return names;
}

TEST(AppRecord, is_said_in_the_order_of_the_contract_and_only_once) {
  AppRecord record = new_record();
  record.take(MapMade{"events", "ringbuf", 0, 5});
  record.take(sent("on_connect", "kprobe", 0, 7));
  record.take(ProgramAttached{7, {"kprobe", "tcp_connect"}, 0});
  EXPECT_THAT(names_of(report_of(record)),
              ElementsAre("program", "program", "program", "map", "relocate", "load", "attach"));
  EXPECT_THAT(names_of(report_of(record)), ElementsAre());
  record.take(sent("on_accept", "kprobe", 0, 8));
  EXPECT_THAT(names_of(report_of(record)), ElementsAre("load"));
}

TEST(AppRecord, a_program_is_attached_where_its_descriptor_was) {
  AppRecord record = new_record();
  record.take(sent("on_connect", "kprobe", 0, 7));
  record.take(ProgramAttached{7, {"kprobe", "tcp_v4_connect"}, 0});
  EXPECT_TRUE(record.attached());
  const Json attach = event_of(report_of(record), "attach", "program", "on_connect");
  EXPECT_EQ(attach["requested"], "tcp_connect") << "the section's word";
  EXPECT_EQ(attach["actual"], "tcp_v4_connect") << "the kernel's";
}

TEST(AppRecord, a_second_try_that_is_taken_counts) {
  AppRecord record = new_record();
  record.take(sent("on_connect", "kprobe", EINVAL, {}));
  record.take(sent("on_connect", "kprobe", 0, 7));
  record.take(ProgramAttached{7, {"kprobe", "a"}, EINVAL});
  record.take(ProgramAttached{7, {"kprobe", "a"}, 0});
  record.take(ProgramAttached{7, {"kprobe", "b"}, 0});
  record.take(ProgramAttached{7, {"kprobe", "c"}, ENOENT});
  const auto events = report_of(record);
  EXPECT_EQ(event_of(events, "load", "program", "on_connect")["result"], "ok");
  const Json attach = event_of(events, "attach", "program", "on_connect");
  EXPECT_EQ(attach["result"], "ok");
  EXPECT_EQ(attach["actual"], "a, b");
}

TEST(AppRecord, a_refusal_keeps_the_log_of_the_try_that_had_one) {
  AppRecord record = new_record();
  ProgramSent with_log = sent("on_connect", "kprobe", EACCES, {});
  with_log.report.log = "R1 !read_ok";
  record.take(with_log);
  record.take(sent("on_connect", "kprobe", EACCES, {}));
  EXPECT_EQ(event_of(report_of(record), "log", "program", "on_connect")["text"], "R1 !read_ok");
}

TEST(AppRecord, instructions_are_said_where_they_were_kept) {
  AppRecord record = new_record();
  ProgramSent program = sent("on_connect", "kprobe", 0, 7);
  program.report.sent = {{0x0807060504030201}, {{0, 12}}};
  record.take(program);
  const Json insns = event_of(report_of(record), "insns", "program", "on_connect");
  EXPECT_EQ(insns["hex"], "0102030405060708");
  EXPECT_EQ(insns["functions"], Json::parse(R"([{"insn":0,"type":12}])"));
}

TEST(AppRecord, probes_are_counted_and_left_out) {
  AppRecord record = new_record();
  record.take(sent("libbpf_nametest", "socket_filter", 0, 107, 2));
  record.take(sent("", "kprobe", EINVAL, {}, 8));
  record.take(ProgramAttached{107, {"", ""}, EBADF});
  record.take(MapMade{"libbpf_array", "array", 0, 120});
  EXPECT_FALSE(record.begun());
  EXPECT_EQ(record.probes(), 2U);
  EXPECT_THAT(names_of(report_of(record)), ElementsAre("program", "program", "program"));
}

TEST(AppRecord, programs_that_are_none_of_the_objects_are_known_by_being_kept) {
  AppRecord record = new_record();
  record.take(sent("small", "xdp", 0, 9, 2));
  record.take(sent("large", "xdp", EACCES, {}, 300));
  record.take(ProgramAttached{9, {"xdp", "lo"}, 0});
  const auto events = report_of(record);
  EXPECT_EQ(event_of(events, "program", "name", "small")["section"], "");
  EXPECT_EQ(event_of(events, "attach", "program", "small")["requested"], "lo");
  EXPECT_EQ(event_of(events, "load", "program", "large")["errno"], "EACCES");
  EXPECT_EQ(record.probes(), 0U);
}

TEST(AppRecord, a_small_program_that_is_attached_and_let_go_at_once_was_a_question) {
  AppRecord record = new_record();
  record.take(sent("test", "tracing", 0, 107, 2));
  record.take(ProgramAttached{107, {"tracing", ""}, 0});
  EXPECT_FALSE(record.attached());
  record.promote_lasting(1000);
  record.promote_lasting(2000);
  record.promote_others();
  EXPECT_FALSE(record.begun());
  EXPECT_EQ(record.probes(), 1U);
}

TEST(AppRecord, a_small_program_that_lasts_is_the_applications_own) {
  AppRecord record = new_record();
  record.take(sent("small", "xdp", 0, 9, 2));
  record.take(ProgramAttached{9, {"xdp", "lo"}, 0});
  record.promote_lasting(1000);
  record.promote_lasting(1100);
  EXPECT_FALSE(record.begun()) << "it may be a question yet";
  record.promote_lasting(1200);
  EXPECT_TRUE(record.begun());
  EXPECT_TRUE(record.attached());
  EXPECT_EQ(record.probes(), 0U);
}

TEST(AppRecord, what_is_pinned_and_kept_at_the_end_was_loaded_however_small) {
  AppRecord record = new_record();
  record.take(sent("small", "xdp", 0, 9, 2));
  EXPECT_FALSE(record.begun());
  record.promote_others();
  EXPECT_TRUE(record.begun());
  EXPECT_EQ(record.accepted().at(0).name, "small");
}

TEST(AppRecord, a_place_that_cannot_be_had_is_the_refusal_of_who_asked_for_it) {
  AppRecord record = new_record();
  record.take(sent("on_connect", "kprobe", 0, 7));
  record.take(sent("on_accept", "kprobe", 0, 8));
  record.take(ProgramAttached{{}, {"kprobe", "inet_accept"}, ENOENT});
  const auto events = report_of(record);
  EXPECT_EQ(event_of(events, "attach", "program", "on_accept")["errno"], "ENOENT");
  EXPECT_EQ(event_of(events, "attach", "program", "on_connect"), Json(nullptr));
}

TEST(AppRecord, the_only_program_that_waits_is_who_asked) {
  AppRecord record = new_record();
  record.take(sent("on_open", "tracepoint", 0, 7));
  record.take(ProgramAttached{{}, {"tracepoint", "fs/openat"}, ENOENT});
  EXPECT_EQ(event_of(report_of(record), "attach", "program", "on_open")["result"], "failed");
}

TEST(AppRecord, global_data_goes_by_the_name_of_its_section) {
  AppRecord record = new_record();
  record.take(MapMade{"prog_bpf.rodata", "array", EINVAL, {}});
  EXPECT_TRUE(record.begun());
  const Json map = event_of(report_of(record), "map", "name", ".rodata");
  EXPECT_EQ(map["errno"], "EINVAL");
}

TEST(AppRecord, accepted_programs_and_maps_are_found_by_their_ids) {
  AppRecord record = new_record();
  record.take(MapMade{"events", "ringbuf", 0, 5});
  record.take(sent("on_connect", "kprobe", 0, 7));
  record.take(sent("on_accept", "kprobe", EINVAL, {}));
  ASSERT_EQ(record.accepted().size(), 1U);
  EXPECT_EQ(record.accepted()[0].id, 7U);
  EXPECT_EQ(record.map_id("events"), 5U);
  EXPECT_FALSE(record.map_id("observed"));
}

}  // namespace
}  // namespace bpfmatrix::guest
