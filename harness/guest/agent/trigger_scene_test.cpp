#include "guest/agent/trigger_scene.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace bpfmatrix::guest {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The names of what is true, numbers and texts.
std::vector<std::string> names_of(const Triggered& truth) {
  std::vector<std::string> names;
  for (const auto& [name, value] : truth.numbers) names.push_back(name);
  for (const auto& [name, value] : truth.texts) names.push_back(name);
  return names;
}

/// A process that came as far as this.
Scene scene_of(const std::vector<std::string>& operations) {
  Scene scene{};
  scene.pid = 77;
  scene.fd = 100;
  scene.ret = -EINPROGRESS;
  for (const std::string& operation : operations) record(scene, operation, 0);
  return scene;
}

Triggered truth_after(const std::vector<std::string>& operations,
                      const std::string& program = "/init") {
  const Scene scene = scene_of(operations);
  return truth_of(scene, 5, program);
}

TEST(TriggerScene, operations_stand_in_the_order_they_were_made_with_what_they_returned) {
  Scene scene{};
  record(scene, "openat", 5);
  record(scene, "close", 0);
  record(scene, "connect", -EINPROGRESS);
  EXPECT_THAT(truth_of(scene, 1, "/init").performed,
              ElementsAre(Operation{"openat", 5}, Operation{"close", 0},
                          Operation{"connect", -EINPROGRESS}));
}

TEST(TriggerScene, only_what_the_process_came_to_is_true) {
  const std::vector<std::string> always{"pid", "ppid", "comm"};
  EXPECT_EQ(names_of(truth_after({"getpid"})), always);

  EXPECT_THAT(names_of(truth_after({"getpid", "openat"})),
              ElementsAre("flags", "mode", "pid", "ppid", "comm", "path"));
  EXPECT_THAT(names_of(truth_after({"connect"})),
              ElementsAre("addr", "fd", "pid", "port", "ppid", "protocol", "ret", "comm"));
  EXPECT_THAT(names_of(truth_after({"sendto"})),
              ElementsAre("dport", "payload_bytes", "pid", "ppid", "sport", "comm", "payload"));
  EXPECT_THAT(names_of(truth_after({"execve"})),
              ElementsAre("pid", "ppid", "argv0", "comm", "filename"));
}

TEST(TriggerScene, the_values_are_the_process_s_own) {
  Triggered truth = truth_after({"openat", "connect", "sendto", "execve"}, "/bin/tool");
  EXPECT_EQ(truth.numbers["pid"], 77);
  EXPECT_EQ(truth.numbers["ppid"], 5);
  EXPECT_EQ(truth.numbers["fd"], 100);
  EXPECT_EQ(truth.numbers["ret"], -EINPROGRESS);
  EXPECT_EQ(truth.numbers["addr"], 0x7f000001);
  EXPECT_EQ(truth.numbers["dport"], truth.numbers["port"]);
  EXPECT_NE(truth.numbers["sport"], truth.numbers["dport"]);
  EXPECT_EQ(truth.texts["filename"], "/bin/tool");
  EXPECT_EQ(truth.texts["argv0"], "/bin/tool");
  EXPECT_EQ(static_cast<std::int64_t>(truth.texts["payload"].size()),
            truth.numbers["payload_bytes"]);
}

TEST(TriggerScene, a_port_read_in_the_wrong_byte_order_is_another) {
  for (const int port : {int{kPort}, int{kSourcePort}}) {
    EXPECT_NE(port >> 8 | (port & 0xff) << 8, port);
  }
}

TEST(TriggerScene, holds_no_more_than_it_has_room_for) {
  Scene scene{};
  EXPECT_THAT(truth_of(scene, 1, "/init").performed, IsEmpty());
  for (int i = 0; i < 40; ++i) record(scene, "a_name_of_more_than_sixteen_letters", i);
  const auto performed = truth_of(scene, 1, "/init").performed;
  ASSERT_EQ(performed.size(), 16U);
  EXPECT_EQ(performed[15], (Operation{"a_name_of_more_t", 15}));
}

}  // namespace
}  // namespace bpfmatrix::guest
