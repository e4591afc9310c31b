// A kernel that has no BTF, built here: what is read there without, and with the BTF made for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "core/minimum.h"
#include "run/objects/objects_here.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = 64 << 20;
constexpr const char* kKernel = "linux-5.10-nobtf-x86_64";

class NoBtfVm : public VmFixture {
 protected:
  std::vector<Outcome> run_case(const std::string& id, BtfSource btf,
                                const std::string& loader = "libbpf") {
    auto outcomes =
        run_suite({.kernels = {kKernel}, .cases = {id}, .btf = {{btf}}, .loaders = {{loader}}});
    EXPECT_EQ(outcomes.size(), 1U);
    for (const Outcome& outcome : outcomes) {
      EXPECT_EQ(outcome.end, End::completed) << outcome.end_reason;
      EXPECT_FALSE(outcome.kernel.btf_present) << "embedded or not, the guest has none";
    }
    return outcomes;
  }

  /// core-task-tgid with this BTF embedded.
  Outcome run_with(const fs::path& btf) {
    const auto outcomes = run_suite({.kernels = {kKernel},
                                     .cases = {"core-task-tgid"},
                                     .btf = {{BtfSource::embedded}},
                                     .loaders = {{"libbpf"}},
                                     .btf_files = {{"*", btf.string()}}});
    return outcomes.at(0);
  }

  fs::path debian_btf() {
    const Result<Kernel> kernel = kernels_->find("debian-5.10-x86_64");
    EXPECT_TRUE(kernel) << kernel.error().message;
    return kernel->btf->file;
  }

  fs::path object_of(const std::string& id) {
    const auto suite = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
    for (const CaseSpec& spec : *suite) {
      if (spec.id == id) return (*ObjectsHere(settings_, *kernels_).find(spec, Arch::x86_64))->file;
    }
    return {};
  }
};

ObservedResult result_of(const Outcome& outcome, const std::string& name) {
  for (const ObservedValue& value : outcome.observed) {
    if (value.name == name) return value.result;
  }
  return ObservedResult::absent;
}

TEST_F(NoBtfVm, without_btf_core_is_refused_and_nothing_is_guessed) {
  for (const BtfSource btf : {BtfSource::kernel, BtfSource::none}) {
    const auto outcomes = run_case("core-task-tgid", btf);
    EXPECT_EQ(outcomes.at(0).relocate.stage.result, StageResult::failed) << to_string(btf);
    EXPECT_EQ(outcomes.at(0).programs.at(0).load.stage.result, StageResult::not_reached);
  }
}

TEST_F(NoBtfVm, with_the_btf_made_for_it_core_reads_right) {
  const auto outcomes = run_case("core-task-tgid", BtfSource::embedded);
  const Outcome& outcome = outcomes.at(0);
  EXPECT_GT(outcome.relocate.applied.value_or(0), 0);
  EXPECT_EQ(outcome.relocate.skipped.value_or(-1), 0);
  EXPECT_EQ(outcome.programs.at(0).attach.stage.result, StageResult::ok);
  for (const std::string name : {"pid", "ppid", "comm"}) {
    EXPECT_THAT(outcome.observed,
                Contains(AllOf(Field(&ObservedValue::name, name),
                               Field(&ObservedValue::result, ObservedResult::right))))
        << name;
  }
}

/// One case and one loader: what the BTF makes of it is all the difference.
TEST_F(NoBtfVm, a_loader_that_goes_on_without_btf_reads_wrong_and_right_with_it) {
  for (const auto& [btf, expected] : {std::pair(BtfSource::none, ObservedResult::wrong),
                                      std::pair(BtfSource::embedded, ObservedResult::right)}) {
    const auto outcomes = run_case("core-task-tgid", btf, "lenient");
    const ProgramOutcome& program = outcomes.at(0).programs.at(0);
    EXPECT_EQ(program.load.stage.result, StageResult::ok) << to_string(btf);
    EXPECT_EQ(program.attach.stage.result, StageResult::ok) << to_string(btf);
    EXPECT_EQ(result_of(outcomes.at(0), "pid"), expected) << to_string(btf);
    EXPECT_EQ(result_of(outcomes.at(0), "ppid"), expected) << to_string(btf);
  }
}

TEST_F(NoBtfVm, whole_btf_of_another_kernel_is_known_by_its_functions) {
  const Outcome outcome = run_with(debian_btf());
  ASSERT_TRUE(outcome.embedded);
  EXPECT_EQ(outcome.embedded->origin, EmbeddedOrigin::file);
  ASSERT_TRUE(outcome.embedded->functions && outcome.embedded->functions_in_kernel);
  EXPECT_LT(*outcome.embedded->functions_in_kernel * 100, *outcome.embedded->functions * 99);
  EXPECT_EQ(result_of(outcome, "pid"), ObservedResult::wrong);
}

/// Cut down to what the object needs it has no functions: only the values tell.
TEST_F(NoBtfVm, part_of_another_kernels_btf_shows_as_wrong_reads) {
  const Result<Btf> whole = Btf::parse(*read_file(debian_btf(), kMaxBytes));
  ASSERT_TRUE(whole);
  CoreMinimum minimum({&*whole});
  ASSERT_TRUE(minimum.add(*ElfFile::parse(*read_file(object_of("core-task-tgid"), kMaxBytes))));
  const fs::path part = scratch_->path() / "part.btf";
  ASSERT_TRUE(write_file(part, *minimum.write()));
  const Outcome outcome = run_with(part);
  ASSERT_TRUE(outcome.embedded);
  EXPECT_EQ(outcome.embedded->functions, std::nullopt);
  EXPECT_EQ(outcome.programs.at(0).load.stage.result, StageResult::ok);
  EXPECT_EQ(result_of(outcome, "pid"), ObservedResult::wrong);
}

TEST_F(NoBtfVm, another_kernels_offsets_load_and_read_wrong) {
  const auto outcomes = run_case("stale-offsets", BtfSource::none);
  const Outcome& outcome = outcomes.at(0);
  EXPECT_EQ(outcome.programs.at(0).load.stage.result, StageResult::ok);
  EXPECT_EQ(outcome.programs.at(0).attach.stage.result, StageResult::ok);
  EXPECT_THAT(outcome.observed, Contains(Field(&ObservedValue::result, ObservedResult::wrong)));
}

}  // namespace
}  // namespace bpfmatrix
