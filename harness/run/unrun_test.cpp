#include "run/unrun.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/temp_dir.h"
#include "run/machines/kernel_probe.h"

namespace bpfmatrix {
namespace {

class Unrun : public ::testing::Test {
 protected:
  std::optional<Transcript> without_parts() const {
    return transcript_without_parts(cell_, spec_, kernel_, object_);
  }

  Cell cell_{.kernel = {"k", Arch::x86_64}, .case_id = "c", .loader = "libbpf"};
  CaseSpec spec_{.id = "c", .object = FileObject{"/x.o"}};
  Result<Kernel> kernel_ = Kernel{.id = "k", .release = "6.1.0"};
  Result<ObjectFile> object_ = ObjectFile{.file = "/x.o", .shown = "/x.o"};
};

TEST_F(Unrun, there_is_none_when_all_is_there) { EXPECT_FALSE(without_parts()); }

TEST_F(Unrun, says_what_is_not_there) {
  object_ = Error{"no object"};
  EXPECT_EQ(without_parts()->unavailable, "no object");
  cell_.btf = BtfSource::embedded;
  EXPECT_EQ(without_parts()->unavailable, "kernel 'k' has no BTF to embed");
  kernel_ = Error{"no kernel"};
  EXPECT_EQ(without_parts()->unavailable, "no kernel");
  EXPECT_EQ(without_parts()->inputs.cell, cell_.id());
}

TEST_F(Unrun, a_file_that_is_no_object_is_known_to_be_none) {
  object_->problem = Error{"no BPF object"};
  const auto transcript = without_parts();
  ASSERT_TRUE(transcript);
  EXPECT_EQ(transcript->unavailable, "");
  EXPECT_EQ(transcript->object_problem, "no BPF object");
}

class UnlockedKernel : public Unrun {
 protected:
  void SetUp() override {
    for (const char* name : {"image", "agent", "probe", "loader-libbpf"}) {
      const std::filesystem::path file = guest_->path() / "x86_64" / name;
      std::filesystem::create_directories(file.parent_path());
      ASSERT_TRUE(write_file(file, name));
    }
    kernel_->image = guest_->path() / "x86_64" / "image";
    ::setenv("BPFMATRIX_GUEST_DIR", guest_->path().c_str(), 1);
  }
  void TearDown() override { ::unsetenv("BPFMATRIX_GUEST_DIR"); }

  /// `facts`: what the store has of the kernel; nothing: it was never asked.
  std::optional<Transcript> transcript(const std::optional<KernelFacts>& facts) {
    const Result<TempDir> dir = TempDir::create();
    const Store store(dir->path());
    if (facts) {
      const auto path = kept_facts_path(store, *kernel_);
      EXPECT_TRUE(path) << path.error().message;
      std::filesystem::create_directories(path->parent_path());
      EXPECT_TRUE(write_file(*path, pack(*facts).gzip));
    }
    KernelFactsKeeper keeper(
        store, [](const PackedFacts& packed) -> Result<std::string> { return packed.sha256; });
    return transcript_without_lockdown({&cell_, &spec_, &*kernel_, &*object_, nullptr}, keeper);
  }

  static KernelFacts with_option(const std::map<std::string, std::string>& config) {
    KernelFacts facts;
    facts.config = config;
    return facts;
  }

 private:
  Result<TempDir> guest_ = TempDir::create();
};

TEST_F(UnlockedKernel, needs_no_guest_to_say_that_it_cannot_be_locked) {
  spec_.privileges.lockdown = "confidentiality";
  const auto said = transcript(with_option({{"BPF", "y"}}));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->unavailable,
            "the kernel cannot be locked down: it has no CONFIG_SECURITY_LOCKDOWN_LSM");
}

TEST_F(UnlockedKernel, has_to_be_asked_where_that_is_not_known) {
  EXPECT_FALSE(transcript(with_option({{"BPF", "y"}}))) << "the case does not want it";
  spec_.privileges.lockdown = "confidentiality";
  EXPECT_FALSE(transcript(with_option({{"SECURITY_LOCKDOWN_LSM", "y"}})));
  EXPECT_FALSE(transcript(KernelFacts())) << "its configuration is not known";
  EXPECT_FALSE(transcript(std::nullopt)) << "no probe has asked it";
}

}  // namespace
}  // namespace bpfmatrix
