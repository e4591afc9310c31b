// Boots real kernels. Deadlines are wide: they are there so that a test ends, not to measure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"
#include "images/initramfs.h"
#include "vm/accel.h"
#include "vm/console_buffer.h"
#include "vm/vm.h"
#include "vm/vm_test_support.h"

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kBoot = 60s;

Clock::time_point in(std::chrono::milliseconds time) { return Clock::now() + time; }

class VmBoot : public ::testing::Test {
 protected:
  void SetUp() override {
    if (test_kernels().empty()) GTEST_SKIP() << "BPFMATRIX_TEST_KERNEL_DIR names no kernels";
  }

  /// `what` is what harness/vm/test_init.c shall do after its hello.
  VmSpec spec(const TestKernel& kernel, const std::string& what) {
    Result<ModuleSet> modules = collect_modules(kernel.modules, wanted_modules());
    EXPECT_TRUE(modules) << modules.error().message;
    const Result<std::string> initramfs = build_initramfs({kernel.init, {}}, *modules);
    EXPECT_TRUE(initramfs) << initramfs.error().message;
    EXPECT_TRUE(write_file(dir_->path() / kernel.name, *initramfs));
    return {.arch = kernel.arch,
            .kernel = kernel.image,
            .initramfs = dir_->path() / kernel.name,
            .kernel_arguments = {"test.do=" + what},
            .console_log = log()};
  }
  std::filesystem::path log() const { return dir_->path() / "console.log"; }
  /// One of each architecture is enough for what does not depend on the kernel.
  static std::vector<TestKernel> one_of_each() {
    std::vector<TestKernel> kernels;
    for (const TestKernel& kernel : test_kernels()) {
      if (kernel.name.starts_with("6.1-")) kernels.push_back(kernel);
    }
    return kernels;
  }

  static std::string receive(Channel& channel, std::size_t size) {
    std::string bytes;
    const Clock::time_point deadline = in(kBoot);
    while (bytes.size() < size) {
      const Result<std::string> more = channel.receive(size - bytes.size(), deadline);
      if (!more || more->empty()) break;
      bytes += *more;
    }
    return bytes;
  }

  static void expect_echo(Channel& channel, std::size_t size) {
    std::string sent;
    for (std::size_t i = 0; i < size; ++i) sent += static_cast<char>(i * 7 + i / 251);
    std::string received;
    for (std::size_t at = 0; at < size; at += 4096) {
      ASSERT_TRUE(channel.send(std::string_view(sent).substr(at, 4096), in(kBoot)));
      received += receive(channel, std::min<std::size_t>(4096, size - at));
    }
    EXPECT_TRUE(received == sent) << received.size() << " of " << size << " bytes came back";
  }

  void expect_hello(const TestKernel& kernel, const std::string& what, ChannelKind kind,
                    std::size_t echo_bytes) {
    Result<Vm> vm = Vm::start(spec(kernel, what));
    ASSERT_TRUE(vm) << vm.error().message;
    const Result<Channel*> channel = vm->connect(in(kBoot));
    ASSERT_TRUE(channel) << channel.error().message << "\n" << vm->console();
    EXPECT_EQ(to_string(vm->channel_kind()), to_string(kind));
    EXPECT_EQ(receive(**channel, 5), "HELLO");
    expect_echo(**channel, echo_bytes);
    EXPECT_GT(vm->console_bytes(), 0U);
    const VmExit exit = vm->stop(Stop::finished);
    EXPECT_EQ(exit.end, End::completed);
    EXPECT_THAT(*read_file(log(), 1 << 20), HasSubstr("Linux version "));
  }

 private:
  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(VmBoot, every_kernel_comes_up_and_speaks_on_the_virtio_port) {
  for (const TestKernel& kernel : test_kernels()) {
    SCOPED_TRACE(kernel.name);
    expect_hello(kernel, "echo", ChannelKind::virtio, 1 << 20);
  }
}

TEST_F(VmBoot, the_serial_port_serves_where_virtio_does_not) {
  for (const TestKernel& kernel : one_of_each()) {
    SCOPED_TRACE(kernel.name);
    expect_hello(kernel, "serial", ChannelKind::serial, 8 << 10);
  }
}

struct Fault {
  const char* what;
  Stop seen;
  End end;
  const char* reason;
};
constexpr Fault kFaults[] = {
    {"panic", Stop::channel_lost, End::panicked,
     "Kernel panic - not syncing: sysrq triggered crash"},
    {"off", Stop::channel_lost, End::lost, "QEMU ended with exit code 0"},
    {"echo", Stop::deadline, End::hung, "no answer for 1 ms"},
};
TEST_F(VmBoot, how_a_machine_ended_is_told_apart) {
  for (const TestKernel& kernel : one_of_each()) {
    for (const Fault& fault : kFaults) {
      SCOPED_TRACE(kernel.name + " " + fault.what);
      Result<Vm> vm = Vm::start(spec(kernel, fault.what));
      ASSERT_TRUE(vm) << vm.error().message;
      const Result<Channel*> channel = vm->connect(in(kBoot));
      ASSERT_TRUE(channel) << channel.error().message << "\n" << vm->console();
      receive(**channel, 5);
      if (fault.seen == Stop::channel_lost) {
        EXPECT_FALSE((*channel)->receive(100, in(kBoot)));
      }
      const VmExit exit = vm->stop(fault.seen, "no answer for 1 ms");
      EXPECT_EQ(to_string(exit.end), to_string(fault.end)) << exit.console_tail;
      EXPECT_EQ(exit.reason, fault.reason);
    }
  }
}

TEST_F(VmBoot, an_agent_that_never_speaks_costs_no_more_than_the_deadline) {
  const TestKernel kernel = test_kernels().front();
  Result<Vm> vm = Vm::start(spec(kernel, "silent"));
  ASSERT_TRUE(vm) << vm.error().message;
  EXPECT_EQ(vm->connect(in(8s)).error().message, "the agent did not speak before the deadline");
  EXPECT_EQ(vm->stop(Stop::deadline, "no hello within 8000 ms").end, End::hung);
}

TEST_F(VmBoot, a_console_flood_is_cut_and_counted) {
  Result<Vm> vm = Vm::start(spec(one_of_each().front(), "flood"));
  ASSERT_TRUE(vm) << vm.error().message;
  const Result<Channel*> channel = vm->connect(in(kBoot));
  ASSERT_TRUE(channel) << channel.error().message << "\n" << vm->console();
  receive(**channel, 5);
  const std::uint64_t enough = ConsoleBuffer::kHeadBytes + 10'000;
  const Clock::time_point deadline = in(kBoot);
  while (vm->console_bytes() < enough && Clock::now() < deadline) {
    ASSERT_TRUE((*channel)->receive(1, in(100ms)));
  }
  EXPECT_GE(vm->console_bytes(), enough);
  EXPECT_LE(vm->console().size(), vm->console_bytes());
  EXPECT_EQ(vm->stop(Stop::deadline, "no answer").end, End::hung);
}

TEST_F(VmBoot, a_file_that_is_no_kernel_is_lost_and_qemu_is_quoted) {
  VmSpec bad = spec(one_of_each().front(), "echo");
  bad.kernel = "/dev/null";
  Result<Vm> vm = Vm::start(bad);
  ASSERT_TRUE(vm) << vm.error().message;
  EXPECT_EQ(vm->connect(in(kBoot)).error().message, "the machine ended before the agent spoke");
  const VmExit exit = vm->stop(Stop::channel_lost, "the machine ended before the agent spoke");
  EXPECT_EQ(exit.end, End::lost);
  EXPECT_THAT(exit.reason, HasSubstr("not one byte on the console; QEMU ended with exit code 1"));
}

TEST_F(VmBoot, auto_finds_an_accelerator_that_boots) {
  for (const TestKernel& kernel : one_of_each()) {
    SCOPED_TRACE(kernel.name);
    VmSpec wanted = spec(kernel, "echo");
    const Result<TempDir> cache = TempDir::create();
    const Result<Accel> accel =
        choose_accel({.guest = kernel.arch,
                      .host = this_host(kernel.arch),
                      .cache_dir = cache->path(),
                      .prove = [&wanted] { return prove_kvm(wanted); },
                      .say = [](const std::string& line) { std::puts(line.c_str()); }});
    ASSERT_TRUE(accel) << accel.error().message;
    wanted.accel = *accel;
    Result<Vm> vm = Vm::start(wanted);
    ASSERT_TRUE(vm) << vm.error().message;
    EXPECT_TRUE(vm->connect(in(kBoot))) << vm->console();
  }
}

TEST(VmStart, without_qemu_the_hint_names_the_program) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/no/such/folder", 1);
  const Result<Vm> vm = Vm::start({.arch = Arch::aarch64});
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(vm);
  EXPECT_EQ(vm.error().message, "'qemu-system-aarch64': no such program in PATH");
  EXPECT_EQ(vm.error().hint, "install the package that holds 'qemu-system-aarch64'");
}

}  // namespace
}  // namespace bpfmatrix
