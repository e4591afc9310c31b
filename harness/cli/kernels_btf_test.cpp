// What `kernels btf` says where there is nothing to write.
#include <gmock/gmock.h>

#include "cli/exit_code.h"
#include "cli/unavailable_world.h"
#include "elf/btf.h"
#include "elf/elf_file.h"
#include "elf/module_types.h"
#include "kernels/fake_archive.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

class KernelsBtf : public testing::Test {
 protected:
  Said says(const std::string& kernel) {
    return world_.says({"kernels", "btf", kernel, "-o", world_.path("out.btf")});
  }
  void TearDown() override { EXPECT_FALSE(std::filesystem::exists(world_.path("out.btf"))); }

  UnavailableWorld world_{};
};

TEST_F(KernelsBtf, of_a_kernel_that_nobody_knows_is_a_wrong_command) {
  const Said said = says("no-such-kernel");
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("no-such-kernel"));
}

TEST_F(KernelsBtf, of_a_kernel_that_cannot_be_had_says_why) {
  const Said said = says("gone-rpm");
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.err, HasSubstr("gone-1-1.x86_64.rpm"));
}

/// A kernel of one's own with a module, both with the types of elf/testdata.
class KernelsBtfOfModule : public testing::Test {
 protected:
  void SetUp() override { add("mine"); }
  void add(const std::string& id) {
    const auto folder = compiler_.directory() / "modules";
    write_module(compiler_, folder, "ring",
                 {{".BTF", module_}, {".modinfo", std::string("vermagic=6.1.0-own SMP\0", 23)}});
    compiler_.write("modules/modules.builtin", "kernel/fs/ext4.ko\n");
    const auto image = compiler_.write("vmlinuz", fake_bzimage("6.1.0-own", ""));
    const auto types = compiler_.write("kernel.btf", kernel_);
    const Said added = world_.says({"kernels", "add", id, "--image", image.string(), "--btf",
                                    types.string(), "--modules", folder.string()});
    ASSERT_EQ(added.exit_code, as_expected) << added.err;
  }
  std::string btf_of(const char* name) {
    const ElfFile elf = *ElfFile::parse(bytes_of(compiler_.object(name)));
    return std::string(elf.section(".BTF")->bytes);
  }
  Said btf(std::vector<std::string> more, const std::string& id = "mine") {
    std::vector<std::string> arguments{"kernels", "btf", id, "-o", out_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return world_.says(arguments);
  }
  void expect_refused(std::vector<std::string> more, const std::string& problem) {
    const Said said = btf(std::move(more));
    EXPECT_EQ(said.exit_code, wrong_command);
    EXPECT_THAT(said.err, HasSubstr(problem));
    EXPECT_FALSE(std::filesystem::exists(out_));
  }

  BpfCompiler compiler_{};
  UnavailableWorld world_{};
  std::string kernel_ = btf_of("core_target");
  std::string module_ = module_types(kernel_, btf_of("core_module"));
  std::filesystem::path out_ = compiler_.directory() / "out.btf";
};

TEST_F(KernelsBtfOfModule, alone_is_written_as_the_module_has_it) {
  const Said said = btf({"--module", "ring"});
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(bytes_of(out_), module_);
}

TEST_F(KernelsBtfOfModule, with_min_becomes_one_btf_with_the_kernels) {
  const std::string object = compiler_.object("core_module_local").string();
  const Said without = btf({"--min", object});
  EXPECT_THAT(without.err, HasSubstr("6 relocations, of which 4 fit nothing")) << without.err;
  const Said with = btf({"--min", object, "--module", "ring"});
  EXPECT_EQ(with.exit_code, as_expected) << with.err;
  EXPECT_THAT(with.err, HasSubstr("6 relocations, of which 1 fit nothing"));
  const Btf part = *Btf::parse(bytes_of(out_));
  EXPECT_EQ(part.find("ring", BtfKind::struct_type).size(), 1U);
  EXPECT_EQ(part.find("moved", BtfKind::struct_type).size(), 1U);
}

TEST_F(KernelsBtfOfModule, that_means_nothing_with_the_kernels_is_not_written) {
  module_.replace(24, 4, 4, '\xff');
  add("broken");
  const Said said = btf({"--module", "ring"}, "broken");
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.err, HasSubstr("error: module 'ring': BTF: type "));
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(KernelsBtfOfModule, that_there_is_not_is_one_error_with_a_hint) {
  expect_refused({"--module", "gone"},
                 "error: kernel 'mine': module gone: neither built in nor shipped\n"
                 "hint: its modules are the files *.ko* below '");
  expect_refused({"--module", "ext4"},
                 "error: kernel 'mine': 'ext4' is built in\n"
                 "hint: the types of what is built in are in the kernel's own BTF");
  expect_refused({"--module", "ring", "ring"},
                 "error: --module: the BTF of one module can be written, not of several\n"
                 "hint: with --min they become one");
}

}  // namespace
}  // namespace bpfmatrix
