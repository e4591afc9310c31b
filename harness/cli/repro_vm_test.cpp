// Failures that were packed, carried to an empty folder and run again there, on real kernels.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "kernels/kernels.h"

namespace bpfmatrix {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace fs = std::filesystem;

Kernel kernel_here(const std::string& id) {
  const auto root = Store::default_root();
  const auto kernel = find_kernel(Store(*root), id);
  EXPECT_TRUE(kernel) << kernel.error().message;
  return kernel ? *kernel : Kernel();
}

class ReproVm : public testing::Test {
 protected:
  Said says(const std::vector<std::string>& arguments, const std::string& cache = "") const {
    std::vector<std::pair<std::string, std::string>> environment;
    if (!cache.empty()) environment.emplace_back("XDG_CACHE_HOME", cache);
    return bpfmatrix_says(arguments, std::chrono::seconds(300), environment);
  }

  /// Runs and packs one cell, then takes the run away.
  std::string packed(std::vector<std::string> what, const std::string& cell,
                     const std::vector<std::string>& more = {}) {
    const std::string run = path(fmt::format("run{}", ++packs_));
    what.insert(what.begin(), "run");
    what.insert(what.end(), {"--accel", "tcg", "--jobs", "1", "--out", run});
    says(what);
    const std::string file = path(fmt::format("away/{}.bpfrepro", packs_));
    fs::create_directories(path("away"));
    std::vector<std::string> pack{"repro", "pack", run, cell, "-o", file};
    pack.insert(pack.end(), more.begin(), more.end());
    const Said said = says(pack);
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    fs::remove_all(run);
    return file;
  }

  void expect_reproduced(const std::string& file, const std::string& cell) {
    const Said said = says({"repro", "run", file});
    EXPECT_EQ(said.exit_code, as_expected) << said.out << said.err;
    EXPECT_THAT(said.out, StartsWith("reproduced: " + cell));
  }

  std::string path(const std::string& name) const { return (dir_->path() / name).string(); }

  Result<TempDir> dir_ = TempDir::create();
  int packs_ = 0;
};

struct Failure {
  const char* name;
  std::vector<std::string> run;
  const char* cell;
};

const Failure kFailures[] = {
    {"rejected",
     {"--kernel", "debian-6.1-x86_64", "--case", "pointer-unchecked"},
     "debian-6.1-x86_64/pointer-unchecked/kernel/libbpf"},
    {"attach_refused",
     {"--kernel", "debian-6.1-x86_64", "--case", "connect-kprobe-bare", "--btf", "kernel"},
     "debian-6.1-x86_64/connect-kprobe-bare/kernel/libbpf"},
    {"aarch64",
     {"--kernel", "debian-6.1-aarch64", "--case", "connect-kprobe-bare", "--btf", "kernel"},
     "debian-6.1-aarch64/connect-kprobe-bare/kernel/libbpf"},
    {"wrong_read",
     {"--kernel", "debian-5.10-x86_64", "--case", "core-task-tgid", "--btf", "none"},
     "debian-5.10-x86_64/core-task-tgid/none/lenient"},
    {"panicked",
     {"--kernel", "debian-6.1-x86_64", "--case", "panic-sysrq"},
     "debian-6.1-x86_64/panic-sysrq/kernel/libbpf"},
    {"module_btf",
     {"--kernel", "debian-6.1-x86_64", "--case", "core-module-type", "--btf", "kernel"},
     "debian-6.1-x86_64/core-module-type/kernel/libbpf"},
    {"application",
     {"--kernel", "debian-6.1-x86_64", "--case", "own-loader", "--btf", "kernel", "--loader",
      BPFMATRIX_BINARY_DIR "/guest/x86_64/test-app", "--loader-args", "{object} fail"},
     "debian-6.1-x86_64/own-loader/kernel/test-app"},
};

TEST_F(ReproVm, what_failed_fails_again_from_one_file) {
  for (const Failure& failure : kFailures) {
    SCOPED_TRACE(failure.name);
    expect_reproduced(packed(failure.run, failure.cell), failure.cell);
  }
}

TEST_F(ReproVm, btf_of_ones_own_is_carried_along) {
  const std::string cell = "debian-6.1-x86_64/core-task-tgid/embedded/libbpf";
  const fs::path btf = path("mine.btf");
  fs::copy_file(kernel_here("debian-5.10-x86_64").btf->file, btf);
  const std::string file = packed(
      {"--kernel", "debian-6.1-x86_64", "--case", "core-task-tgid", "--btf-file", btf.string()},
      cell);
  fs::remove(btf);
  expect_reproduced(file, cell);
}

TEST_F(ReproVm, with_its_kernel_a_pack_needs_nothing_that_is_here) {
  const std::string cell = "debian-6.1-x86_64/pointer-unchecked/kernel/libbpf";
  const std::string file = packed({"--kernel", "debian-6.1-x86_64", "--case", "pointer-unchecked"},
                                  cell, {"--with-kernel"});
  const Said said = says({"repro", "run", file, "--json"}, path("empty"));
  EXPECT_EQ(said.exit_code, as_expected) << said.out << said.err;
  const auto json = parse_json(said.out, "repro run");
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["result"], "reproduced");
  EXPECT_EQ((*json)["notes"].size(), 0U);
  EXPECT_FALSE(fs::exists(path("empty/bpfmatrix/kernels/debian-6.1-x86_64")))
      << "a stranger's kernel is not kept";
}

TEST_F(ReproVm, on_another_kernel_it_says_what_is_different) {
  const std::string cell = "debian-5.10-x86_64/loop-helper/kernel/libbpf";
  const std::string file =
      packed({"--kernel", "debian-5.10-x86_64", "--case", "loop-helper"}, cell);
  const Said said = says({"repro", "run", file, "--kernel", "debian-6.1-x86_64"});
  EXPECT_EQ(said.exit_code, unexpected) << said.err;
  EXPECT_THAT(said.out, StartsWith("different: " + cell + " on debian-6.1-x86_64\n"));
  EXPECT_THAT(said.out, HasSubstr(": load: ok, was failed, EINVAL\n"));
  EXPECT_EQ(says({"repro", "run", file, "--kernel", "nonsense"}).exit_code, wrong_command);
}

/// Two of the six are the images of others, given by their paths: they are other kernels by name.
TEST_F(ReproVm, of_six_kernels_the_first_that_behaves_differently_is_found_in_three_cells) {
  const std::string cell = "debian-5.10-x86_64/loop-helper/kernel/libbpf";
  const std::string file =
      packed({"--kernel", "debian-5.10-x86_64", "--case", "loop-helper"}, cell);
  const std::string kernels =
      fmt::format("debian-5.10-x86_64,{},debian-6.1-x86_64,{},debian-6.12-x86_64,debian-7.x-x86_64",
                  kernel_here("debian-5.10-x86_64").image.string(),
                  kernel_here("debian-6.1-x86_64").image.string());
  const Said said = says({"repro", "bisect", file, "--kernels", kernels});
  EXPECT_EQ(said.exit_code, as_expected) << said.out << said.err;
  EXPECT_THAT(said.out, StartsWith("debian-5.10-x86_64: recorded, not run again\n"));
  EXPECT_THAT(said.out, HasSubstr("\ndebian-6.1-x86_64 is the first that behaves differently, "
                                  "local-vmlinuz-"));
  EXPECT_THAT(said.out, HasSubstr(" still behaves as recorded (3 cells run): "));
}

}  // namespace
}  // namespace bpfmatrix
