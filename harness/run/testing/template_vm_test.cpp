// Templates of real kernels, and machines cloned from them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "base/file.h"
#include "base/file_limit_test_support.h"
#include "run/testing/template_vm_fixture.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* kKernels[] = {"debian-6.1-x86_64", "debian-6.1-aarch64",
                                    "debian-5.10-x86_64"};
constexpr const char* kMark = "/run/bpfmatrix/mark";
constexpr const char* kHostname = "/proc/sys/kernel/hostname";

class TemplateVm : public TemplateVmFixture {
 protected:
  /// What harness/run/witness_guest.c says in this guest, by name.
  static std::map<std::string, std::string> witness(Session& session, Arch arch) {
    const fs::path file =
        fs::path(BPFMATRIX_BINARY_DIR) / "test-guest" / ("witness." + std::string(to_string(arch)));
    EXPECT_TRUE(
        session.put_file("/run/bpfmatrix/witness", *read_file(file, 16 << 20), 0755, soon()));
    std::map<std::string, std::string> facts;
    std::string errors;
    const RunEvents events{.on_out_line =
                               [&](std::string_view line) {
                                 const std::size_t space = line.find(' ');
                                 facts[std::string(line.substr(0, space))] = line.substr(space + 1);
                               },
                           .on_err = [&](std::string_view bytes) { errors += bytes; }};
    const RunRequest run{.argv = {"/run/bpfmatrix/witness"}, .deadline_ms = 30'000};
    EXPECT_TRUE(session.run(run, "", events, soon()));
    EXPECT_EQ(errors, "");
    return facts;
  }
};

TEST_F(TemplateVm, is_made_once_and_its_clones_answer) {
  for (const std::string kernel : kKernels) {
    SCOPED_TRACE(kernel);
    TemplateRequest wanted = request(kernel);
    wanted.question = [](Session& s) { return s.read_file("/proc/version", 4096, soon()); };
    get(wanted);
    const Template made = get(without_files(wanted));
    for (int i = 0; i < 5; ++i) {
      GuestClone guest = clone(made);
      EXPECT_EQ(guest.session->hello().release, made.release());
      EXPECT_EQ(guest.session->hello().channel, "virtio");
      EXPECT_EQ(guest.session->hello().notes, std::vector<std::string>());
      EXPECT_LT(guest.vm.ready_after(), 5s);
      const auto version = guest.session->read_file("/proc/version", 4096, soon());
      ASSERT_TRUE(version) << version.error().message;
      EXPECT_THAT(*version, HasSubstr(made.release()));
      const VmExit exit = guest.vm.stop(Stop::finished);
      EXPECT_EQ(exit.end, End::completed);
    }
  }
}

TEST_F(TemplateVm, large_files_go_through_a_clone_s_channel) {
  for (const std::string kernel : kOneOfEach) {
    const Template made = get(request(kernel));
    GuestClone guest = clone(made);
    std::string sent;
    for (std::size_t i = 0; i < (4 << 20); ++i) sent += static_cast<char>(i * 7 + i / 251);
    const auto put = guest.session->put_file(kMark, sent, 0644, soon());
    ASSERT_TRUE(put) << put.error().message;
    const auto received = guest.session->read_file(kMark, sent.size(), soon());
    ASSERT_TRUE(received) << received.error().message;
    EXPECT_TRUE(*received == sent);
  }
}

TEST_F(TemplateVm, clones_never_see_each_others_changes) {
  for (const std::string kernel : kOneOfEach) {
    SCOPED_TRACE(kernel);
    const Template made = get(request(kernel));
    const auto says = [](GuestClone& guest, const char* file) {
      const auto text = guest.session->read_file(file, 100, soon());
      return text ? *text : "nothing";
    };
    const auto change = [](GuestClone& guest, const std::string& text) {
      EXPECT_TRUE(guest.session->put_file(kMark, text, 0644, soon()));
      EXPECT_TRUE(guest.session->write(kHostname, text, soon()));
    };
    {
      GuestClone one = clone(made);
      GuestClone other = clone(made);
      change(one, "one");
      EXPECT_EQ(says(other, kMark), "nothing");
      change(other, "other");
      EXPECT_EQ(says(one, kMark), "one");
      EXPECT_EQ(says(one, kHostname), "one\n");
      EXPECT_EQ(says(other, kMark), "other");
      EXPECT_EQ(says(other, kHostname), "other\n");
    }
    GuestClone next = clone(made);
    EXPECT_EQ(says(next, kMark), "nothing");
    EXPECT_EQ(says(next, kHostname), "(none)\n");
  }
}

TEST_F(TemplateVm, clones_have_random_numbers_of_their_own_and_the_host_s_time) {
  for (const std::string kernel : kKernels) {
    SCOPED_TRACE(kernel);
    const TemplateRequest wanted = request(kernel);
    const Template made = get(wanted);
    std::this_thread::sleep_for(2s);  // the template's clock stands still
    GuestClone one = clone(made);
    GuestClone other = clone(made);
    auto first = witness(*one.session, wanted.key.spec.arch);
    auto second = witness(*other.session, wanted.key.spec.arch);
    for (const char* name :
         {"getrandom", "at_random", "bpf_get_prandom_u32", "uuid", "boot_id", "stack"}) {
      EXPECT_NE(first[name], "") << name;
      EXPECT_NE(first[name], second[name]) << name;
    }
    EXPECT_NEAR(std::stod(second["time"]), static_cast<double>(std::time(nullptr)), 1.5);
  }
}

TEST_F(TemplateVm, a_kernel_without_virtio_is_cloned_with_its_serial_port) {
  for (const std::string kernel : kOneOfEach) {
    SCOPED_TRACE(kernel);
    const Template made = get(request(kernel, Modules::without));
    EXPECT_EQ(made.channel(), ChannelKind::serial);
    for (int i = 0; i < 2; ++i) {
      GuestClone guest = clone(made);
      EXPECT_EQ(guest.session->hello().channel, "serial");
      EXPECT_TRUE(guest.session->read_file("/proc/version", 4096, soon()));
    }
  }
}

TEST_F(TemplateVm, a_clone_that_is_killed_leaves_the_template_whole) {
  for (const std::string kernel : kOneOfEach) {
    const TemplateRequest wanted = request(kernel);
    const Template made = get(wanted);
    GuestClone doomed = clone(made);
    ASSERT_TRUE(doomed.session->put_file(kMark, "mark", 0644, soon()));
    ASSERT_EQ(::kill(doomed.vm.qemu_pid(), SIGKILL), 0);
    EXPECT_FALSE(doomed.session->read_file("/proc/version", 4096, soon()));
    const VmExit exit = doomed.vm.stop(Stop::channel_lost);
    EXPECT_EQ(exit.end, End::lost);
    EXPECT_EQ(exit.reason, "QEMU ended with signal 9 (Killed)");
    GuestClone next = clone(get(without_files(wanted)));
    EXPECT_FALSE(next.session->read_file(kMark, 100, soon()));
  }
}

TEST_F(TemplateVm, a_clone_that_panics_costs_itself_only) {
  const Template made = get(request("debian-6.1-x86_64"));
  GuestClone doomed = clone(made);
  EXPECT_FALSE(doomed.session->write("/proc/sysrq-trigger", "c", soon()));
  const VmExit exit = doomed.vm.stop(Stop::channel_lost);
  EXPECT_EQ(exit.end, End::panicked);
  EXPECT_EQ(exit.reason, "Kernel panic - not syncing: sysrq triggered crash");
  EXPECT_TRUE(clone(made).session->read_file("/proc/version", 4096, soon()));
}

TEST_F(TemplateVm, a_damaged_one_is_noticed_and_made_anew) {
  const TemplateRequest wanted = request("debian-6.1-aarch64");
  get(wanted);
  const auto ram = folder(wanted) / kTemplateRam;
  const auto state = folder(wanted) / kTemplateState;
  const std::vector<std::function<void()>> damages{
      [&] { fs::resize_file(ram, fs::file_size(ram) / 2); },
      [&] { fs::resize_file(ram, 0); },
      [&] { std::fstream(ram, std::ios::in | std::ios::out).seekp(100 << 20) << "a changed byte"; },
      [&] { fs::resize_file(state, 1000); },
  };
  for (const auto& damage : damages) {
    damage();
    EXPECT_FALSE(templates_.get(without_files(wanted)));
    clone(get(wanted));
  }
}

TEST_F(TemplateVm, another_machine_gets_another_template) {
  TemplateRequest wanted = request("debian-6.1-aarch64");
  get(wanted);
  wanted.key.spec.memory_mib = 256;
  EXPECT_FALSE(templates_.get(without_files(wanted)));
  clone(get(wanted));
  EXPECT_EQ(templates_.list().size(), 2U);
  EXPECT_EQ(templates_.gc({.max_bytes = 0}).size(), 2U);
  EXPECT_EQ(entries(), 0U);
}

/// Does `work` in a process of its own, which has no copy of our machines.
pid_t in_a_process(const std::function<int()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  return pid;
}

int exit_code_of(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// The processes whose command line has this word.
int processes_with(const std::string& word) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::stringstream text;
    text << file.rdbuf();
    count += text.str().find(word) != std::string::npos ? 1 : 0;
  }
  return count;
}

bool comes_true(const std::function<bool()>& condition) {
  const Clock::time_point patience = soon();
  while (!condition() && Clock::now() < patience) std::this_thread::sleep_for(1ms);
  return condition();
}

TEST_F(TemplateVm, a_maker_that_is_killed_leaves_nothing_half) {
  const TemplateRequest wanted = request("debian-6.1-aarch64");
  const std::string initramfs = wanted.key.spec.initramfs;
  // Killed while it boots, while it freezes, and while it checks what it has made.
  for (const auto stage : {kTemplateRam, kTemplateState, kTemplateRecord}) {
    SCOPED_TRACE(stage);
    const pid_t maker = in_a_process([&] { return templates_.get(wanted) ? 0 : 1; });
    const fs::path reached = folder(wanted).string() + ".new/" + std::string(stage);
    EXPECT_TRUE(comes_true([&] { return fs::exists(reached); }));
    ::kill(maker, SIGKILL);
    EXPECT_EQ(exit_code_of(maker), -SIGKILL);
    EXPECT_TRUE(comes_true([&] { return processes_with(initramfs) == 0; }));
    EXPECT_EQ(templates_.list().size(), 0U);
    EXPECT_FALSE(templates_.get(without_files(wanted)));
    templates_.gc({});
    EXPECT_EQ(entries(), 0U);
  }
  clone(get(wanted));
}

TEST_F(TemplateVm, two_processes_make_one) {
  TemplateRequest wanted = request("debian-6.1-aarch64");
  const auto maker = [&] {
    bool waited = false;
    wanted.on_wait = [&] { waited = true; };
    const Result<Template> made = templates_.get(wanted);
    return made && clone_guest(*made, "", soon()) ? (waited ? 2 : 1) : 0;
  };
  const pid_t one = in_a_process(maker);
  std::this_thread::sleep_for(300ms);
  const pid_t other = in_a_process(maker);
  EXPECT_EQ(exit_code_of(one), 1);
  EXPECT_EQ(exit_code_of(other), 2);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(TemplateVm, one_that_cannot_be_written_is_an_error_and_leaves_nothing) {
  for (const std::string kernel : kOneOfEach) {
    const TemplateRequest wanted = request(kernel);
    const pid_t maker = in_a_process([&] {
      let_files_grow_to(1 << 20);
      const Result<Template> made = templates_.get(wanted);
      return !made && made.error().message.ends_with("ram': File too large") ? 0 : 1;
    });
    EXPECT_EQ(exit_code_of(maker), 0);
    EXPECT_EQ(entries(), 0U);
    clone(get(wanted));
    EXPECT_EQ(templates_.gc({.max_bytes = 0}).size(), 1U);
  }
}

TEST_F(TemplateVm, one_that_cannot_boot_is_an_error_that_says_why) {
  TemplateRequest wanted = request("debian-6.1-x86_64");
  wanted.key.spec.initramfs = "/dev/null";
  const Result<Template> made = templates_.get(wanted);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message,
              HasSubstr("template: boot: lost: not one byte on the console; QEMU ended with"));
  EXPECT_EQ(entries(), 0U);
}

}  // namespace
}  // namespace bpfmatrix
