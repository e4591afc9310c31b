// BTF of small files that the compiler made; pahole is the real one.
#include "kernels/build/debug_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "elf/btf.h"
#include "kernels/testing/fake_archive.h"
#include "kernels/testing/fake_debug_info.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DebugInfo : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_->path() / name; }
  Result<std::string> btf_of(const fs::path& file) { return make_btf(file, {}, dir_->path()); }

  fs::path made(const std::string& name, const FakeDebugInfo& of = {}) const {
    make_debug_info(path(name), of);
    return path(name);
  }

  Result<TempDir> dir_ = TempDir::create();
  fs::path vmlinux_ = made("vmlinux");
};

TEST_F(DebugInfo, says_whose_it_is) {
  for (const Arch arch : kArches) {
    const auto signs = read_debug_info_signs(made("other", {.release = "5.8.18", .arch = arch}));
    ASSERT_TRUE(signs) << signs.error().message;
    EXPECT_EQ(signs->release, "5.8.18");
    EXPECT_EQ(signs->build_id, kFakeBuildId);
    EXPECT_EQ(signs->arch, arch);
  }
}

TEST_F(DebugInfo, becomes_btf_of_types_and_functions) {
  const auto bytes = btf_of(vmlinux_);
  ASSERT_TRUE(bytes) << bytes.error().message;
  const auto btf = Btf::parse(*bytes);
  ASSERT_TRUE(btf) << btf.error().message;
  ASSERT_EQ(btf->find("task_struct", BtfKind::struct_type).size(), 1U);
  const BtfType task = *btf->type(btf->find("task_struct", BtfKind::struct_type).front());
  EXPECT_EQ(btf->members(task).at(1).name, "tgid");
  EXPECT_EQ(btf->members(task).at(1).bit_offset, 32U);
  EXPECT_EQ(btf->find("do_exit", BtfKind::func).size(), 1U);
}

TEST_F(DebugInfo, in_a_file_of_its_own_will_do) {
  must_run({"objcopy", "--only-keep-debug", vmlinux_, path("debug")});
  const auto signs = read_debug_info_signs(path("debug"));
  ASSERT_TRUE(signs) << signs.error().message;
  EXPECT_EQ(signs->release, "") << "its text is gone";
  EXPECT_EQ(*btf_of(path("debug")), *btf_of(vmlinux_));
}

TEST_F(DebugInfo, that_is_not_there_is_told) {
  must_run({"strip", "-o", path("stripped"), vmlinux_});
  ASSERT_TRUE(write_file(path("text"), "hello"));
  const auto problem = [&](const std::string& name) {
    const auto signs = read_debug_info_signs(path(name));
    return signs ? "" : signs.error().message;
  };
  EXPECT_THAT(problem("stripped"), EndsWith("stripped': no debug information in it"));
  EXPECT_THAT(problem("text"), EndsWith("text': not a vmlinux: no ELF file"));
  EXPECT_THAT(problem("gone"), EndsWith("gone': No such file or directory"));
  for (const std::size_t cut : {20, 64, 6000}) {
    ASSERT_TRUE(write_file(path("cut"), read_file(vmlinux_, 1 << 20)->substr(0, cut)));
    EXPECT_THAT(problem("cut"), HasSubstr("cut': ")) << cut;
  }
}

TEST_F(DebugInfo, of_a_program_is_not_the_btf_of_a_kernel) {
  const auto btf = btf_of(made("program", {.task = "person"}));
  ASSERT_FALSE(btf);
  EXPECT_THAT(
      btf.error().message,
      EndsWith("program': what pahole made from it: not the BTF of a kernel: no task_struct "
               "in it"));
}

TEST_F(DebugInfo, that_pahole_cannot_read_leaves_nothing) {
  ASSERT_TRUE(write_file(path("cut"), read_file(vmlinux_, 1 << 20)->substr(0, 6000)));
  const auto btf = btf_of(path("cut"));
  ASSERT_FALSE(btf);
  EXPECT_THAT(btf.error().message,
              StartsWith("'" + path("cut").string() + "': pahole: exit code "));
  fs::remove(path("cut"));
  fs::remove(vmlinux_);
  EXPECT_TRUE(fs::is_empty(dir_->path()));
}

}  // namespace
}  // namespace bpfmatrix
