// The talk with the machine that becomes a template. What needs a machine is tested in
// testing/template_vm_test.cpp.
#include "run/machines/template_maker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "guest/testing/fake_agent.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PrepareGuest : public ::testing::Test {
 protected:
  PrepareGuest() {
    agent_.programs[std::string(kAgentProgram)] = {exits(0)};
    agent_.files["/proc/version"] = "Linux 6.1";
  }
  Result<GuestIdentity> prepare() {
    return prepare_guest(agent_, request_, Clock::now() + std::chrono::minutes(1));
  }
  static Result<std::string> version_of(Session& session) {
    return session.read_file("/proc/version", 100, Clock::now() + std::chrono::minutes(1));
  }

  Result<TempDir> dir_ = TempDir::create();
  FakeAgent agent_{};
  TemplateRequest request_{};
};

TEST_F(PrepareGuest, is_warmed_up_by_one_program_which_is_no_bpf_program) {
  ASSERT_TRUE(prepare());
  ASSERT_EQ(agent_.runs.size(), 1U);
  EXPECT_THAT(agent_.runs[0].argv, ElementsAre("/init", "--end-at-once"));
}

TEST_F(PrepareGuest, has_the_files_that_each_clone_finds) {
  const auto file = dir_->path() / "kernel.btf";
  ASSERT_TRUE(write_file(file, "bytes"));
  request_.files = {{"/run/bpfmatrix/kernel.btf", file}};
  ASSERT_TRUE(prepare());
  EXPECT_EQ(agent_.files["/run/bpfmatrix/kernel.btf"], "bytes");
}

/// The first time by itself: its clones say what it says when it is woken, not when it is booted.
TEST_F(PrepareGuest, is_parked_twice_and_the_second_time_with_the_program_that_waits) {
  agent_.hello.notes = {"a module was loaded meanwhile"};
  request_.standby = {"/run/bpfmatrix/loader"};
  const auto identity = prepare();
  ASSERT_TRUE(identity) << identity.error().message;
  ASSERT_EQ(agent_.parks.size(), 2U);
  EXPECT_THAT(agent_.parks[0].standby, IsEmpty());
  EXPECT_THAT(agent_.parks[1].standby, ElementsAre("/run/bpfmatrix/loader"));
  EXPECT_THAT(identity->hello.notes, ElementsAre("a module was loaded meanwhile"));
}

TEST_F(PrepareGuest, is_asked_the_question_that_its_clones_will_be_asked) {
  request_.question = version_of;
  EXPECT_EQ(prepare()->answer, "Linux 6.1");
}

TEST_F(PrepareGuest, a_question_without_an_answer_is_an_error) {
  agent_.files.clear();
  request_.question = version_of;
  EXPECT_EQ(prepare().error().message, "guest agent: /proc/version: No such file or directory");
}

TEST_F(PrepareGuest, a_warm_up_that_fails_is_an_error) {
  agent_.programs[std::string(kAgentProgram)] = {exits(1)};
  EXPECT_EQ(prepare().error().message, "the warm-up failed");
}

TEST_F(PrepareGuest, a_file_that_is_not_here_is_an_error) {
  request_.files = {{"/run/bpfmatrix/x", "/no/such/file"}};
  EXPECT_THAT(prepare().error().message, HasSubstr("/no/such/file"));
}

TEST_F(PrepareGuest, a_guest_that_dies_is_an_error) {
  agent_.programs[std::string(kAgentProgram)] = {dies()};
  EXPECT_FALSE(prepare());
}

struct Difference {
  const char* what;
  void (*change)(GuestIdentity&);
};
constexpr Difference kDifferences[] = {
    {"agent", [](GuestIdentity& i) { i.hello.agent_version = "another"; }},
    {"release", [](GuestIdentity& i) { i.hello.release = "another"; }},
    {"architecture", [](GuestIdentity& i) { i.hello.arch = "another"; }},
    {"command line", [](GuestIdentity& i) { i.hello.kernel_cmdline = "another"; }},
    {"channel", [](GuestIdentity& i) { i.hello.channel = "another"; }},
    {"BTF", [](GuestIdentity& i) { i.hello.btf_bytes = 5; }},
    {"notes", [](GuestIdentity& i) { i.hello.notes = {"another"}; }},
    {"answer", [](GuestIdentity& i) { i.answer = "another"; }},
};
TEST(GuestIdentity, differs_with_all_that_a_clone_must_have_from_its_template) {
  for (const Difference& difference : kDifferences) {
    GuestIdentity identity;
    difference.change(identity);
    EXPECT_FALSE(identity == GuestIdentity()) << difference.what;
  }
}

TEST(GuestIdentity, does_not_differ_with_the_time_it_took_to_boot) {
  GuestIdentity identity;
  identity.hello.boot_ms = 700;
  EXPECT_TRUE(identity == GuestIdentity());
}

}  // namespace
}  // namespace bpfmatrix
