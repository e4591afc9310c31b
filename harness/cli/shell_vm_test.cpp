// Commands in kernels, as a person would have them run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

Said in_kernel(const std::string& kernel, std::vector<std::string> command,
               std::vector<std::string> options = {}) {
  std::vector<std::string> arguments{"shell", kernel, "--accel", "tcg"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), command.begin(), command.end());
  return bpfmatrix_says(std::move(arguments), std::chrono::seconds(300));
}

TEST(ShellVm, bpftool_speaks_of_the_guest_on_both_architectures) {
  for (const std::string arch : {"x86_64", "aarch64"}) {
    const Said said = in_kernel(
        "debian-6.1-" + arch,
        {"sh", "-c", "uname -m && bpftool prog list && bpftool btf list | grep -c vmlinux"});
    EXPECT_EQ(said.exit_code, 0) << said.err;
    EXPECT_EQ(said.out, arch + "\n1\n") << said.err;
  }
}

TEST(ShellVm, exit_codes_output_and_objects_come_through) {
  const auto folder = TempDir::create();
  const std::string object = (folder->path() / "a.bpf.o").string();
  ASSERT_TRUE(write_file(object, "bytes"));
  const Said said =
      in_kernel("debian-6.1-x86_64", {"sh", "-c", "cat /objects/a.bpf.o; echo talk >&2; exit 7"},
                {"--object", object});
  EXPECT_EQ(said.exit_code, 7);
  EXPECT_EQ(said.out, "bytes\n");
  EXPECT_EQ(said.err, "talk\n");
}

TEST(ShellVm, hidden_btf_is_hidden_and_embedded_btf_is_handed_over) {
  const std::string look = "ls /sys/kernel/btf | wc -l; ls /objects";
  const Said none = in_kernel("debian-6.1-x86_64", {"sh", "-c", look}, {"--btf", "none"});
  EXPECT_EQ(none.out, "0\n") << none.err;
  const Said embedded = in_kernel("debian-6.1-x86_64", {"sh", "-c", look}, {"--btf", "embedded"});
  EXPECT_EQ(embedded.out, "0\nvmlinux.btf\n") << embedded.err;
}

TEST(ShellVm, a_kernel_that_is_gone_or_goes_has_an_exit_code_of_its_own) {
  EXPECT_EQ(in_kernel("no-such-kernel", {"true"}).exit_code, 125);
  const Said panicked =
      in_kernel("debian-6.1-x86_64", {"sh", "-c", "echo c > /proc/sysrq-trigger"});
  EXPECT_EQ(panicked.exit_code, 125);
  EXPECT_THAT(panicked.err, HasSubstr("the guest panicked: "));
  EXPECT_EQ(in_kernel("debian-6.1-x86_64", {"true"}, {"--btf", "mine"}).exit_code, 2);
}

}  // namespace
}  // namespace bpfmatrix
