// What the probe's answers and the guest's files make of a kernel, without one. That a real probe
// says what is true: testing/kernel_probe_vm_test.cpp.
#include "run/machines/kernel_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/json.h"
#include "base/temp_dir.h"
#include "guest/testing/fake_agent.h"
#include "kernels/testing/fake_btf.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr const char* kProbe = "/run/bpfmatrix/cell/probe";

class KernelProbe : public ::testing::Test {
 protected:
  KernelProbe() {
    const fs::path tools = dir_->path() / "x86_64";
    fs::create_directories(tools);
    EXPECT_TRUE(write_file(tools / "agent", "agent"));
    EXPECT_TRUE(write_file(tools / "probe", "the probe"));
    ::setenv("BPFMATRIX_GUEST_DIR", dir_->path().c_str(), 1);
    agent_.programs[kProbe] = {says(R"({"helper_count":209})"), says(R"({"done":true})"),
                               exits(Exited{.code = 0, .wall_ms = 700})};
  }
  ~KernelProbe() override { ::unsetenv("BPFMATRIX_GUEST_DIR"); }

  Result<KernelFacts> probe() {
    Session session(agent_);
    EXPECT_TRUE(session.open(Clock::now() + std::chrono::minutes(1)));
    return probe_kernel(kernel_, session);
  }
  std::string error() {
    const Result<KernelFacts> facts = probe();
    return facts ? "none" : facts.error().message;
  }
  /// The kernel has BTF, here and as its guest says.
  void give_btf(const std::vector<std::string>& functions) {
    const std::string bytes = fake_kernel_btf(Arch::x86_64, functions);
    const fs::path file = dir_->path() / "vmlinux.btf";
    EXPECT_TRUE(write_file(file, bytes));
    kernel_.btf = KernelBtf{file, bytes.size(), ""};
  }

  Result<TempDir> dir_ = TempDir::create();
  Kernel kernel_{.id = "fake-6.1"};
  FakeAgent agent_{Hello{
      .agent_version = "0.1.0", .release = "6.1.0", .arch = "x86_64", .kernel_cmdline = "quiet"}};
};

TEST_F(KernelProbe, has_what_the_agent_and_the_probe_said) {
  const auto facts = probe();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->release, "6.1.0");
  EXPECT_EQ(facts->arch, "x86_64");
  EXPECT_EQ(facts->cmdline, "quiet");
  EXPECT_EQ(facts->helper_count, 209U);
  EXPECT_EQ(facts->probe_ms, 700);
  EXPECT_EQ(agent_.files[kProbe], "the probe");
}

TEST_F(KernelProbe, reads_the_symbols_of_the_guest) {
  agent_.files["/proc/kallsyms"] = "0000000000000000 T do_exit\n0000000000000000 t hidden\n";
  agent_.files["/sys/kernel/tracing/available_filter_functions"] = "do_exit\nveth_xmit [veth]\n";
  agent_.files["/sys/kernel/tracing/available_events"] = "sched:sched_switch\n";
  const auto facts = probe();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_THAT(facts->symbols.in(SymbolList::kallsyms, "do_exit"), Optional(true));
  EXPECT_THAT(facts->symbols.in(SymbolList::kallsyms, "do_fork"), Optional(false));
  EXPECT_THAT(facts->symbols.in(SymbolList::traceable, "veth_xmit"), Optional(true));
  EXPECT_EQ(facts->symbols.in(SymbolList::blacklist, "do_exit"), std::nullopt)
      << "this guest has no such list";
  EXPECT_THAT(facts->tracepoints, Optional(ElementsAre("sched:sched_switch")));
}

TEST_F(KernelProbe, reads_the_configuration_that_lies_here_where_the_guest_shows_none) {
  kernel_.config = dir_->path() / "config";
  ASSERT_TRUE(write_file(*kernel_.config, "CONFIG_BPF_SYSCALL=y\n# CONFIG_FPROBE is not set\n"));
  const auto facts = probe();
  ASSERT_TRUE(facts && facts->config);
  EXPECT_NE(facts->configured("BPF_SYSCALL"), facts->configured("FPROBE"));
}

TEST_F(KernelProbe, a_configuration_that_nobody_has_is_none) { EXPECT_FALSE(probe()->config); }

TEST_F(KernelProbe, tells_the_probe_the_numbers_of_what_it_attaches_to) {
  give_btf({"bpf_fentry_test1"});
  agent_.hello.btf_bytes = static_cast<std::int64_t>(kernel_.btf->bytes);
  FakeAgent guest(agent_.hello);
  guest.programs = agent_.programs;
  Session session(guest);
  ASSERT_TRUE(session.open(Clock::now() + std::chrono::minutes(1)));
  const auto facts = probe_kernel(kernel_, session);
  ASSERT_TRUE(facts) << facts.error().message;
  const auto request = parse_json(guest.input, "request");
  ASSERT_TRUE(request);
  EXPECT_TRUE((*request)["function"].is_number()) << guest.input;
  EXPECT_TRUE((*request)["lsm_hook"].is_null()) << guest.input;
  EXPECT_THAT(facts->symbols.in(SymbolList::btf, "bpf_fentry_test1"), Optional(true));
}

TEST_F(KernelProbe, another_kernel_s_btf_is_not_used) {
  give_btf({"bpf_fentry_test1"});
  FakeAgent guest(Hello{.agent_version = "0.1.0", .btf_bytes = 5});
  guest.programs = agent_.programs;
  Session session(guest);
  ASSERT_TRUE(session.open(Clock::now() + std::chrono::minutes(1)));
  ASSERT_TRUE(probe_kernel(kernel_, session));
  EXPECT_THAT(guest.input, HasSubstr(R"("function":null)"));
}

struct BadProbe {
  const char* what;
  FakeProgram program;
  const char* problem;
};
TEST_F(KernelProbe, a_probe_that_does_not_do_as_it_should_is_an_error) {
  const std::string done = R"({"done":true})";
  const BadProbe kBadProbes[] = {
      {"nonsense", {says("Segmentation fault"), says(done), exits(0)}, "probe"},
      {"cut short", {says(R"({"helper_count":209})"), exits(0)}, "it ended before"},
      {"killed", {says(done), exits(Exited{.signal = 11})}, "killed by signal 11"},
      {"too slow", {exits(Exited{.timed_out = true})}, "no answer within 120 s"},
      {"leftovers",
       {says(done), exits(Exited{.code = 0, .leftovers = {"a map"}})},
       "the probe left programs, maps or files behind"},
      {"hangs", {says(done)}, "guest agent: no answer before the deadline"},
      {"panics", {dies()}, "guest agent: closed"},
  };
  for (const BadProbe& bad : kBadProbes) {
    FakeAgent guest(agent_.hello);
    guest.programs[kProbe] = bad.program;
    Session session(guest);
    ASSERT_TRUE(session.open(Clock::now() + std::chrono::minutes(1)));
    const auto facts = probe_kernel(kernel_, session);
    ASSERT_FALSE(facts) << bad.what;
    EXPECT_THAT(facts.error().message, HasSubstr("probe of 'fake-6.1': ")) << bad.what;
    EXPECT_THAT(facts.error().message, HasSubstr(bad.problem)) << bad.what;
  }
}

TEST_F(KernelProbe, without_the_probe_installed_nothing_is_asked) {
  fs::remove(dir_->path() / "x86_64" / "probe");
  EXPECT_THAT(error(), HasSubstr("probe of 'fake-6.1': "));
  EXPECT_TRUE(agent_.runs.empty());
}

/// Facts of another build of the probe, or of another kernel, are not these.
TEST_F(KernelProbe, kept_facts_have_a_name_of_all_that_they_depend_on) {
  const Store store(dir_->path() / "store");
  kernel_.image = dir_->path() / "vmlinuz";
  ASSERT_TRUE(write_file(kernel_.image, "image"));
  std::set<fs::path> names{*kept_facts_path(store, kernel_)};
  const auto is_another = [&] { return names.insert(*kept_facts_path(store, kernel_)).second; };
  EXPECT_FALSE(is_another()) << "nothing has changed";
  ASSERT_TRUE(write_file(dir_->path() / "x86_64" / "probe", "another probe"));
  EXPECT_TRUE(is_another());
  ASSERT_TRUE(write_file(dir_->path() / "x86_64" / "agent", "another agent"));
  EXPECT_TRUE(is_another());
  ASSERT_TRUE(write_file(kernel_.image, "another image"));
  EXPECT_TRUE(is_another());
  give_btf({});
  EXPECT_TRUE(is_another());
  kernel_.config = dir_->path() / "config";
  ASSERT_TRUE(write_file(*kernel_.config, "CONFIG_X=y"));
  EXPECT_TRUE(is_another());
}

}  // namespace
}  // namespace bpfmatrix
