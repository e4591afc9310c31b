// What `kernels btf` writes, and what it says where there is nothing to write.
#include <gmock/gmock.h>

#include "cli/btf_world.h"
#include "cli/exit_code.h"
#include "cli/unavailable_world.h"
#include "core/minimum.h"
#include "elf/btf.h"
#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"
#include "elf/testing/module_types.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class NoKernelsBtf : public testing::Test {
 protected:
  Said says(const std::string& kernel) {
    return world_.says({"kernels", "btf", kernel, "-o", world_.path("out.btf")});
  }
  void TearDown() override { EXPECT_FALSE(fs::exists(world_.path("out.btf"))); }

  UnavailableWorld world_{};
};

TEST_F(NoKernelsBtf, of_a_kernel_that_nobody_knows_is_a_wrong_command) {
  const Said said = says("no-such-kernel");
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("no-such-kernel"));
}

TEST_F(NoKernelsBtf, of_a_kernel_that_cannot_be_had_says_why) {
  const Said said = says("gone-rpm");
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.err, HasSubstr("gone-1-1.x86_64.rpm"));
}

class KernelsBtf : public testing::Test {
 protected:
  KernelsBtf() { world_.add("mine", BtfWorld::image("5.4.1-own", whole_, '\x5a')); }

  /// A program that reads one field of a task, whose place is relocated or is not.
  std::string object(const std::string& name, const std::string& field, bool relocated = true) {
    const fs::path source = compiler_.write(
        name + ".c",
        std::string("struct task_struct { long before; int ") + field + "; }" +
            (relocated ? " __attribute__((preserve_access_index))" : "") +
            "; __attribute__((section(\"kprobe\"))) int f(struct task_struct *t) { return t->" +
            field + "; }");
    const std::string file = (compiler_.directory() / (name + ".o")).string();
    compiler_.run({"clang", "-g", "-O1", "-target", "bpf", "-c", source.string(), "-o", file});
    return file;
  }
  /// What the unit under it makes.
  std::string minimum(const std::vector<std::string>& objects) {
    const Btf kernel = *Btf::parse(whole_);
    CoreMinimum minimum({&kernel});
    for (const std::string& file : objects) {
      EXPECT_TRUE(minimum.add(*ElfFile::parse(bytes_of(file))));
    }
    return *minimum.write();
  }
  Said btf(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "btf");
    return world_.kernels(std::move(arguments));
  }

  BtfWorld world_{};
  BpfCompiler compiler_{};
  std::string whole_ = fake_kernel_btf(Arch::x86_64, BtfWorld::functions());
  std::string out_ = world_.path("out.btf");
};

TEST_F(KernelsBtf, is_written_whole_to_a_file_or_to_standard_output) {
  const Said file = btf({"mine", "-o", out_});
  EXPECT_EQ(file.exit_code, as_expected) << file.err;
  EXPECT_EQ(file.err, std::to_string(whole_.size()) + " bytes\n");
  EXPECT_EQ(file.out, "");
  EXPECT_TRUE(world_.get("out.btf") == whole_);
  const Said piped = btf({"mine", "-o", "-"});
  EXPECT_EQ(piped.exit_code, as_expected) << piped.err;
  EXPECT_TRUE(piped.out == whole_);
}

TEST_F(KernelsBtf, minimised_is_what_the_objects_look_at_in_whatever_order_they_are_named) {
  const std::string a = object("a", "pid");
  const std::string b = object("b", "tgid");
  const std::string both = minimum({a, b});
  ASSERT_NE(both, minimum({a}));
  ASSERT_LT(both.size(), whole_.size());
  const std::vector<std::string> orders[] = {{"mine", "-o", out_, "--min", a, b},
                                             {"mine", "--min", a, b, "-o", out_},
                                             {"-o", out_, "--min", a, "--min", b, "mine"},
                                             {"--min", a, "mine", b, "-o", out_}};
  for (const std::vector<std::string>& words : orders) {
    fs::remove(out_);
    const Said said = btf(words);
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    EXPECT_EQ(
        said.err,
        "2 types and 2 members for 2 relocations; 0 relocations have no match in this kernel\n" +
            std::to_string(both.size()) + " bytes of " + std::to_string(whole_.size()) + "\n");
    EXPECT_TRUE(world_.get("out.btf") == both);
  }
  EXPECT_EQ(btf({"mine", "-o", "-", "--min", a}).out, minimum({a}));
}

TEST_F(KernelsBtf, a_kernel_behind_further_objects_is_told_from_them) {
  const std::string a = object("a", "pid");
  const std::string b = object("b", "tgid");
  const Said said = btf({"-o", out_, "--min", a, b, "mine"});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, StartsWith("error: kernel '" + b + "': "));
  EXPECT_THAT(said.err,
              HasSubstr("\nhint: '" + b +
                        "' was read as KERNEL, because it comes before the other objects\n"));
  EXPECT_FALSE(fs::exists(out_));
  world_.add("none", BtfWorld::image("5.4.1-own", "", '\x5a'));
  EXPECT_THAT(btf({"none", "-o", out_, "--min", a, b}).err,
              StartsWith("error: kernel 'none' has no BTF\nhint: --collection uses BTF "));
  const Said without = btf({"mine", a, "-o", out_});
  EXPECT_EQ(without.exit_code, wrong_command);
  EXPECT_THAT(without.err, HasSubstr("OBJECT requires --min"));
}

TEST_F(KernelsBtf, an_object_without_relocations_is_named) {
  const std::string plain = object("plain", "pid", false);
  const std::string a = object("a", "pid");
  const Said said = btf({"mine", "-o", out_, "--min", a, plain});
  EXPECT_EQ(said.exit_code, as_expected);
  EXPECT_THAT(said.err,
              StartsWith("'" + plain + "' has no CO-RE relocations: no types are kept for it\n"));
  EXPECT_EQ(world_.get("out.btf"), minimum({a}));
}

TEST_F(KernelsBtf, what_is_no_object_is_a_wrong_command) {
  const std::string text = world_.put("text", "hello");
  for (const std::string& file : {text, world_.path("gone")}) {
    const Said said = btf({"mine", "-o", out_, "--min", file});
    EXPECT_EQ(said.exit_code, wrong_command);
    EXPECT_THAT(said.err, StartsWith("error: '" + file + "': "));
  }
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(KernelsBtf, an_output_that_cannot_be_written_leaves_nothing) {
  fs::create_directories(world_.path("folder/full"));
  for (const char* output : {"gone/out.btf", "folder", "folder/full"}) {
    const Said said = btf({"mine", "-o", world_.path(output)});
    EXPECT_EQ(said.exit_code, wrong_command);
    EXPECT_THAT(said.err, StartsWith("error: '" + world_.path(output) + "': "));
  }
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(world_.path("folder"))) {
    left.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(left, testing::ElementsAre("full"));
}

/// Runs the program by way of a shell, which sets up what it finds.
TEST_F(KernelsBtf, a_disk_that_fills_up_leaves_the_file_that_was_there) {
  const auto in_shell = [&](const std::string& script, const std::string& output) {
    return *run_command({.argv = {"sh", "-c", script, BPFMATRIX_BINARY_DIR "/bin/bpfmatrix",
                                  "kernels", "btf", "mine", "-o", output},
                         .environment = world_.environment()},
                        std::chrono::seconds(60));
  };
  fs::create_directory(world_.path("disk"));
  world_.put("disk/out.btf", "before");
  const CommandOutput full =
      in_shell("trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", world_.path("disk/out.btf"));
  EXPECT_EQ(full.status.code, wrong_command);
  EXPECT_THAT(full.err, HasSubstr("disk/out.btf': File too large"));
  EXPECT_EQ(world_.get("disk/out.btf"), "before");
  EXPECT_EQ(std::distance(fs::directory_iterator(world_.path("disk")), {}), 1);
  const CommandOutput piped = in_shell("exec \"$0\" \"$@\" > /dev/full", "-");
  EXPECT_EQ(piped.status.code, wrong_command);
  EXPECT_EQ(piped.err, "error: standard output: cannot write\n");
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
  EXPECT_THAT(without.err, HasSubstr("6 relocations; 4 relocations have no match")) << without.err;
  const Said with = btf({"--min", object, "--module", "ring"});
  EXPECT_EQ(with.exit_code, as_expected) << with.err;
  EXPECT_THAT(with.err, HasSubstr("6 relocations; 1 relocations have no match"));
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
                 "error: kernel 'mine': module gone: neither built in nor a module file\n"
                 "hint: its modules are the files *.ko* below '");
  expect_refused({"--module", "ext4"},
                 "error: kernel 'mine': 'ext4' is built in\n"
                 "hint: the types of what is built in are in the kernel's own BTF");
  expect_refused({"--module", "ring", "--module", "ring"},
                 "error: --module: without --min, give only one module\n"
                 "hint: --min puts several in one file");
}

}  // namespace
}  // namespace bpfmatrix
