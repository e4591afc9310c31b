#include "vm/qmp.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

constexpr const char* kGreeting = R"({"QMP": {"version": {}, "capabilities": ["oob"]}})";
constexpr const char* kOk = R"({"return": {}})";

Clock::time_point soon() { return Clock::now() + 200ms; }

/// A QEMU that has answered before it was asked, and its monitor.
struct Talk {
  explicit Talk(const std::vector<std::string>& lines) {
    auto [ours, qemus] = socket_pair();
    qemu = std::move(qemus);
    std::string text;
    for (const std::string& line : lines) text += line + "\r\n";
    say(text);
    monitor = std::make_unique<Qmp>(std::move(ours));
  }
  void say(const std::string& text) const {
    ASSERT_EQ(::write(qemu.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string heard() const {
    char block[4096];
    const ssize_t n = ::recv(qemu.get(), block, sizeof block, MSG_DONTWAIT);
    return {block, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

  Fd qemu{};
  std::unique_ptr<Qmp> monitor{};
};

TEST(Qmp, opens_after_the_greeting) {
  const Talk talk({kGreeting, kOk});
  EXPECT_TRUE(talk.monitor->open(soon()));
  EXPECT_EQ(talk.heard(), "{\"arguments\":{},\"execute\":\"qmp_capabilities\"}\n");
}

TEST(Qmp, a_command_gives_what_it_returned) {
  const Talk talk({R"({"return": {"status": "paused"}})"});
  const auto status = talk.monitor->execute("query-status", Json::object(), soon());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->dump(), R"({"status":"paused"})");
}

TEST(Qmp, a_refusal_is_quoted) {
  const Talk talk({R"({"error": {"class": "GenericError", "desc": "Invalid parameter 'x'"}})"});
  EXPECT_EQ(
      talk.monitor->execute("migrate-set-capabilities", Json::object(), soon()).error().message,
      "QEMU does not accept 'migrate-set-capabilities': Invalid parameter 'x'");
}

TEST(Qmp, events_wait_until_they_are_asked_for) {
  const Talk talk({R"({"event": "STOP", "timestamp": {}})",
                   R"({"event": "MIGRATION", "data": {"status": "setup"}})", kOk,
                   R"({"event": "MIGRATION", "data": {"status": "completed"}})"});
  EXPECT_TRUE(talk.monitor->execute("migrate", Json::object(), soon()));
  EXPECT_EQ(talk.monitor->event("MIGRATION", soon())->dump(), R"({"status":"setup"})");
  EXPECT_EQ(talk.monitor->event("MIGRATION", soon())->dump(), R"({"status":"completed"})");
  EXPECT_FALSE(talk.monitor->event("MIGRATION", soon()));
}

TEST(Qmp, an_event_without_data_has_none) {
  const Talk talk({R"({"event": "RESUME"})", R"({"event": "RESUME", "data": 7})"});
  EXPECT_EQ(talk.monitor->event("RESUME", soon())->dump(), "{}");
  EXPECT_EQ(talk.monitor->event("RESUME", soon())->dump(), "{}");
}

TEST(Qmp, a_descriptor_arrives_with_its_name) {
  const Talk talk({kOk});
  const auto [one, other] = socket_pair();
  ASSERT_TRUE(talk.monitor->post_fd(one, "state"));
  char text[200] = {};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec block{text, sizeof text};
  msghdr message{};
  message.msg_iov = &block;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ASSERT_GT(::recvmsg(talk.qemu.get(), &message, 0), 0);
  EXPECT_STREQ(text, "{\"arguments\":{\"fdname\":\"state\"},\"execute\":\"getfd\"}\n");
  ASSERT_NE(CMSG_FIRSTHDR(&message), nullptr);
  int number = -1;
  std::memcpy(&number, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof number);
  const Fd received(number);
  ASSERT_EQ(::write(received.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(other.get(), &byte, 1), 1);
}

TEST(Qmp, what_was_posted_is_answered_before_what_is_waited_for) {
  const Talk talk({kGreeting, kOk, R"({"event": "MIGRATION", "data": {"status": "completed"}})",
                   R"({"return": {"posted": true}})", R"({"return": {"waited": true}})"});
  ASSERT_TRUE(talk.monitor->post_open());
  ASSERT_TRUE(talk.monitor->post("migrate-incoming", Json::object()));
  EXPECT_EQ(talk.heard(),
            "{\"arguments\":{},\"execute\":\"qmp_capabilities\"}\n"
            "{\"arguments\":{},\"execute\":\"migrate-incoming\"}\n");
  const auto waited = talk.monitor->execute("cont", Json::object(), soon());
  ASSERT_TRUE(waited) << waited.error().message;
  EXPECT_EQ(waited->dump(), R"({"waited":true})");
  EXPECT_EQ(talk.monitor->event("MIGRATION", soon())->dump(), R"({"status":"completed"})");
}

TEST(Qmp, a_refusal_of_what_was_posted_is_told_to_who_waits_next) {
  const char* no = R"({"error": {"desc": "no"}})";
  const Talk event_asked({no});
  ASSERT_TRUE(event_asked.monitor->post("migrate-incoming", Json::object()));
  EXPECT_EQ(event_asked.monitor->event("MIGRATION", soon()).error().message,
            "QEMU does not accept 'migrate-incoming': no");
  const Talk command_asked({no, kOk});
  ASSERT_TRUE(command_asked.monitor->post("getfd", Json::object()));
  EXPECT_EQ(command_asked.monitor->execute("cont", Json::object(), soon()).error().message,
            "QEMU does not accept 'getfd': no");
}

TEST(Qmp, what_is_posted_to_a_qemu_that_has_ended_is_an_error) {
  Talk talk({kGreeting});
  talk.qemu.reset();
  EXPECT_FALSE(talk.monitor->post_open());
}

struct Garbage {
  const char* name;
  std::vector<std::string> lines;
  const char* message;
};
const Garbage kGarbage[] = {
    {"silence", {}, "monitor: no answer before the deadline"},
    {"no greeting", {kOk}, "monitor: no QMP greeting"},
    {"no object", {"[1]"}, "monitor: no JSON object"},
    {"an endless line", {std::string(400 << 10, 'x')}, "monitor: a line without end"},
};
TEST(Qmp, garbage_is_an_error) {
  for (const Garbage& garbage : kGarbage) {
    SCOPED_TRACE(garbage.name);
    auto [ours, qemu] = socket_pair();
    const int room = 1 << 20;
    ::setsockopt(qemu.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    std::string text;
    for (const std::string& line : garbage.lines) text += line + "\n";
    const ssize_t sent = ::send(qemu.get(), text.data(), text.size(), MSG_DONTWAIT);
    ASSERT_EQ(sent > 0, !text.empty());
    Qmp monitor(std::move(ours));
    EXPECT_EQ(monitor.open(soon()).error().message, garbage.message);
  }
}

TEST(Qmp, a_qemu_that_ends_is_an_error) {
  Talk talk({kGreeting});
  talk.qemu.reset();
  EXPECT_FALSE(talk.monitor->open(soon()));
}

TEST(Qmp, many_events_cost_no_memory) {
  std::vector<std::string> lines(1000, R"({"event": "NOISE", "data": {}})");
  lines.emplace_back(kOk);
  const Talk talk(lines);
  EXPECT_TRUE(talk.monitor->execute("stop", Json::object(), soon()));
}

}  // namespace
}  // namespace bpfmatrix
