// A user's own static program as the loader, on real kernels.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/child_process.h"
#include "base/file.h"
#include "elf/testing/bpf_compiler.h"
#include "run/objects/app_needs.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

constexpr const char* kKernels[] = {"debian-5.10-x86_64", "debian-6.1-aarch64"};

class AppVm : public VmFixture {
 protected:
  /// What came of test_app.cpp, called so, on each kernel.
  std::vector<Outcome> run_command(const std::string& mode, const std::vector<std::string>& kernels,
                                   const std::vector<std::string>& loaders = {"test-app"}) {
    CaseSpec spec;
    spec.id = "command";
    spec.object = SourceObject{BPFMATRIX_SOURCE_DIR "/harness/guest/loader/app/testdata/app.bpf.c"};
    LoaderApp app{"test-app", BPFMATRIX_BINARY_DIR "/guest/{arch}/test-app"};
    app.arguments = {"{object}", mode};
    return run_suite({.kernels = kernels, .loaders = loaders, .apps = {app}}, {spec});
  }

  std::vector<Outcome> run_command(const std::string& mode) {
    return run_command(mode, {std::begin(kKernels), std::end(kKernels)});
  }

  /// What came of an application called "wrapper" that is tried for its own sake, whose output is
  /// as wanted.
  Outcome try_wrapper(const LoaderApp& app) {
    const std::string kernel = "debian-6.1-x86_64";
    const auto outcomes =
        run_suite({.kernels = {kernel}, .cases = {"*"}, .apps = {app}}, {case_for_app(app)});
    const Outcome& outcome = find(outcomes, kernel + "/wrapper/kernel/wrapper");
    EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
    EXPECT_TRUE(outcome.app && outcome.app->own && outcome.app->own->output_matched == true);
    return outcome;
  }

  std::string loader_log(const Outcome& outcome) const {
    const Result<Transcript> transcript =
        read_transcript(scratch_->path() / std::to_string(runs_), outcome.cell);
    return transcript && !transcript->attempts.empty() ? transcript->attempts.back().loader_log
                                                       : "";
  }
};

const ProgramOutcome& program(const Outcome& outcome, const std::string& name) {
  static const ProgramOutcome kNone{};
  for (const ProgramOutcome& p : outcome.programs) {
    if (p.name == name) return p;
  }
  ADD_FAILURE() << outcome.cell << " has no program " << name;
  return kNone;
}

void expect_held_and_triggered(const Outcome& outcome) {
  SCOPED_TRACE(outcome.cell);
  EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
  EXPECT_EQ(outcome.open.result, StageResult::ok) << outcome.open.message;
  EXPECT_THAT(outcome.loader_version, HasSubstr("sha256 "));
  ASSERT_EQ(outcome.programs.size(), 3U) << "the object's, and none of libbpf's probes";
  ASSERT_EQ(outcome.maps.size(), 1U);
  EXPECT_EQ(outcome.maps[0].name, "observed");

  const ProgramOutcome& getpid = program(outcome, "on_getpid");
  EXPECT_EQ(getpid.load.stage.result, StageResult::ok);
  EXPECT_GT(getpid.load.stats.xlated_bytes.value_or(0), 0U);
  EXPECT_EQ(getpid.attach.stage.result, StageResult::ok);
  EXPECT_EQ(getpid.attach.actual, "syscalls/sys_enter_getpid");
  EXPECT_GE(getpid.run.run_cnt.value_or(0), 1U);

  const ProgramOutcome& connect = program(outcome, "on_connect");
  EXPECT_EQ(connect.attach.stage.result, StageResult::ok);
  EXPECT_EQ(connect.attach.method, "kprobe");
  EXPECT_EQ(connect.attach.actual, "__sys_connect");
  EXPECT_GE(connect.run.run_cnt.value_or(0), 1U);

  for (const ObservedValue& value : outcome.observed) {
    if (value.name != "pid") continue;
    EXPECT_EQ(value.result, ObservedResult::right);
  }
  EXPECT_EQ(outcome.observed.size(), 2U);
}

TEST_F(AppVm, a_command_that_waits_is_seen_whole_and_told_to_end) {
  for (const Outcome& outcome : run_command("")) {
    expect_held_and_triggered(outcome);
    ASSERT_TRUE(outcome.app);
    EXPECT_EQ(outcome.app->stop_signal, 2);
    EXPECT_EQ(outcome.app->exit_code, 0);
    EXPECT_GT(outcome.app->probes, 0) << "libbpf asks what the kernel can do";
    EXPECT_THAT(loader_log(outcome), HasSubstr("running"));
  }
}

TEST_F(AppVm, a_refusal_without_a_log_gets_the_verifiers_reason) {
  for (const Outcome& outcome : run_command("")) {
    const ProgramOutcome& refused = program(outcome, "refused");
    EXPECT_EQ(refused.load.stage.result, StageResult::failed);
    EXPECT_EQ(refused.load.stage.errno_name, "EACCES");
    EXPECT_THAT(refused.load.log_tail, HasSubstr("dereference of modified ctx ptr"));
    EXPECT_EQ(refused.attach.stage.result, StageResult::not_reached);
    EXPECT_THAT(loader_log(outcome), HasSubstr("refused: -13")) << "the command sees the same";
  }
}

TEST_F(AppVm, one_that_ends_by_itself_is_held_until_it_was_triggered) {
  for (const Outcome& outcome : run_command("once")) {
    expect_held_and_triggered(outcome);
    ASSERT_TRUE(outcome.app);
    EXPECT_FALSE(outcome.app->stop_signal);
    EXPECT_FALSE(outcome.app->failed());
  }
}

TEST_F(AppVm, it_cannot_reach_who_watches_it) {
  for (const Outcome& outcome : run_command("forge")) {
    EXPECT_EQ(outcome.open.result, StageResult::failed) << "it loaded nothing";
    const std::string log = loader_log(outcome);
    EXPECT_THAT(log, HasSubstr(fmt::format("record: {}", ENXIO))) << "no file that can be opened";
    EXPECT_THAT(log, HasSubstr(fmt::format("signal: {}", EPERM)));
    EXPECT_THAT(log, HasSubstr(fmt::format("trace: {}", EPERM)));
  }
}

TEST_F(AppVm, a_loader_that_it_replaced_loads_nothing_for_other_cells) {
  settings_.isolation = Isolation::kernel;
  const std::vector<Outcome> outcomes =
      run_command("infect", {std::begin(kKernels), std::end(kKernels)}, {"test-app", "libbpf"});
  ASSERT_EQ(outcomes.size(), 2 * std::size(kKernels));
  for (const Outcome& outcome : outcomes) {
    SCOPED_TRACE(outcome.cell);
    EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
    if (outcome.loader == "test-app") {
      EXPECT_THAT(loader_log(outcome), HasSubstr(fmt::format("protected: {}", EROFS)));
      EXPECT_THAT(loader_log(outcome), HasSubstr("infected: 0")) << "what root can do, it did";
    } else {
      EXPECT_THAT(outcome.loader_version, HasSubstr("1.")) << "of libbpf";
      EXPECT_EQ(program(outcome, "on_connect").attach.stage.result, StageResult::ok);
    }
  }
}

TEST_F(AppVm, a_bad_end_is_not_hidden) {
  for (const Outcome& outcome : run_command("leave", {kKernels[0]})) {
    expect_held_and_triggered(outcome);
    ASSERT_TRUE(outcome.app);
    EXPECT_EQ(outcome.app->exit_code, 7);
    EXPECT_TRUE(outcome.app->failed());
  }
}

TEST_F(AppVm, one_that_will_not_end_is_killed) {
  for (const Outcome& outcome : run_command("stubborn", {kKernels[0]})) {
    expect_held_and_triggered(outcome);
    ASSERT_TRUE(outcome.app);
    EXPECT_EQ(outcome.app->stop_signal, 9);
    EXPECT_EQ(outcome.app->signal, 9);
  }
}

TEST_F(AppVm, one_that_loads_nothing_is_refused_with_its_own_words) {
  for (const Outcome& outcome : run_command("fail", {kKernels[0]})) {
    EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
    EXPECT_EQ(outcome.open.result, StageResult::failed);
    EXPECT_EQ(
        outcome.open.message,
        "the application loaded nothing and ended with exit code 3: error: no license to run");
    EXPECT_TRUE(outcome.programs.empty());
    ASSERT_TRUE(outcome.app);
    EXPECT_TRUE(outcome.app->failed());
  }
}

/// What became of each relocation, and of each value that the program saw and that has a truth.
std::vector<std::string> stop_signal(const Outcome& outcome) {
  std::vector<std::string> told;
  for (const RelocationRecord& one : program(outcome, "on_getpid").relocations) {
    told.push_back(fmt::format("{} {} {} {}", one.local, one.target_value.value_or(0),
                               to_string(one.result), to_string(one.cross_check)));
  }
  for (const ObservedValue& value : outcome.observed) {
    if (value.result == ObservedResult::right) told.push_back(value.name + " right");
  }
  return told;
}

TEST_F(AppVm, the_record_of_a_command_of_ours_says_what_libbpfs_says) {
  const auto outcomes = run_cases({std::begin(kKernels), std::end(kKernels)}, {"own-loader"},
                                  std::vector<BtfSource>{BtfSource::kernel, BtfSource::embedded});
  for (const std::string kernel : kKernels) {
    for (const std::string btf : {"kernel", "embedded"}) {
      const std::string cell = kernel + "/own-loader/" + btf;
      const Outcome& own = find(outcomes, cell + "/own");
      ASSERT_TRUE(own.app) << cell;
      EXPECT_EQ(own.app->path, "own");
      EXPECT_EQ(own.app->exit_code, 0);
      EXPECT_THAT(loader_log(own), HasSubstr("1 attached, waiting"));
      EXPECT_EQ(stop_signal(own), stop_signal(find(outcomes, cell + "/libbpf"))) << cell;
      EXPECT_EQ(stop_signal(own).size(), 4U) << "two relocations, two values";
    }
  }
}

/// Dynamic, with a BPF object behind its end, as if it embedded it; becomes the tool that it was
/// given as a file.
constexpr const char* kWrapper = R"(
  #include <stdio.h>
  #include <unistd.h>
  int main(int argc, char **argv) {
    puts("TOOL: loading");
    fflush(stdout);
    execv("/app/tool", (char *[]){"/app/tool", argv[1], NULL});
    return 1;
  })";

constexpr const char* kObject = R"(
  __attribute__((section("tracepoint/syscalls/sys_enter_getpid"), used)) int on_getpid(void *ctx) {
    return 0;
  }
  char _license[] __attribute__((section("license"), used)) = "GPL";
)";

/// A dynamic program with an object inside.
std::filesystem::path make_wrapper(const std::filesystem::path& folder) {
  const std::filesystem::path wrapper = folder / "wrapper";
  EXPECT_TRUE(write_file(wrapper.string() + ".c", kWrapper));
  const auto compiled = ::bpfmatrix::run_command(
      {.argv = {"x86_64-linux-gnu-gcc", wrapper.string() + ".c", "-o", wrapper.string()}},
      std::chrono::seconds(60));
  EXPECT_TRUE(compiled && compiled->status.code == 0);
  BpfCompiler tools;
  const std::string source = tools.write("tool.bpf.c", kObject).string();
  const std::string made = (tools.directory() / "tool.bpf.o").string();
  tools.run({"clang", "-g", "-O2", "-target", "bpf", "-c", source, "-o", made});
  EXPECT_TRUE(write_file(wrapper, *read_file(wrapper, 1 << 20) + bytes_of(made)));
  return wrapper;
}

/// Its libraries, its data and its links are those of its root, and so is the program.
TEST_F(AppVm, is_tried_in_a_root_of_its_own) {
  const std::filesystem::path wrapper = make_wrapper(scratch_->path());
  const std::filesystem::path root = scratch_->path() / "root";
  const auto put = [&](const std::filesystem::path& file, const std::string& path) {
    const std::filesystem::path to = root / path.substr(1);
    std::filesystem::create_directories(to.parent_path());
    std::filesystem::copy_file(file, to);
    std::filesystem::permissions(to, std::filesystem::perms(0755));
  };
  put(wrapper, "/usr/bin/wrapper");
  put(BPFMATRIX_BINARY_DIR "/guest/x86_64/app-own", "/opt/tool");
  std::filesystem::create_directories(root / "app");
  std::filesystem::create_symlink("/opt/tool", root / "app/tool");
  std::filesystem::create_directory_symlink("usr/bin", root / "bin");
  const LoaderApp host{.name = "wrapper", .path = wrapper.string()};
  const auto needs = find_app_needs(host, bytes_of(wrapper), Arch::x86_64);
  ASSERT_TRUE(needs) << needs.error().message;
  for (const AppNeeds& one : *needs) put(one.file, one.guest_path);
  Result<LoaderApp> app = app_of_line("/bin/wrapper {object}");
  ASSERT_TRUE(app);
  app->own_object->root = root.string();
  app->own_object->output = "^TOOL: .*ing$";
  const Outcome outcome = try_wrapper(*app);
  ASSERT_TRUE(outcome.app && outcome.app->own) << outcome.open.message;
  EXPECT_EQ(program(outcome, "on_getpid").attach.stage.result, StageResult::ok);
  const auto transcript = read_transcript(scratch_->path() / std::to_string(runs_), outcome.cell);
  ASSERT_TRUE(transcript && transcript->inputs.app && transcript->inputs.app->needs);
  ASSERT_EQ(transcript->inputs.app->needs->size(), 1U);
  EXPECT_EQ(transcript->inputs.app->needs->front().guest_path, "/");
}

TEST_F(AppVm, is_tried_for_its_own_sake_with_what_it_brings_and_its_libraries) {
  const std::filesystem::path wrapper = make_wrapper(scratch_->path());
  Result<LoaderApp> app = app_of_line(wrapper.string() + " {object}");
  ASSERT_TRUE(app);
  app->own_object->files = {{BPFMATRIX_BINARY_DIR "/guest/x86_64/app-own", "/app/tool"}};
  app->own_object->output = "^TOOL: .*ing$";
  const Outcome outcome = try_wrapper(*app);
  ASSERT_TRUE(outcome.app && outcome.app->own) << outcome.open.message;
  EXPECT_EQ(outcome.app->own->last_words, "");
  EXPECT_EQ(program(outcome, "on_getpid").attach.stage.result, StageResult::ok);
  EXPECT_GT(program(outcome, "on_getpid").run.run_cnt.value_or(0), 0U);
}

}  // namespace
}  // namespace bpfmatrix
