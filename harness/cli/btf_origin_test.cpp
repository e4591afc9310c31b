// BTF out of an image, a collection and debug information; and that of another kernel is noticed.
#include <gmock/gmock.h>

#include "base/child_process.h"
#include "cli/btf_world.h"
#include "cli/exit_code.h"
#include "elf/btf.h"
#include "kernels/testing/fake_debug_info.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kRelease = "5.4.1-own";
constexpr char kBuildId = '\x5a';  // that of the debug information

class BtfOrigin : public testing::Test {
 protected:
  BtfOrigin() { world_.add("without", BtfWorld::image(kRelease, "", kBuildId)); }

  std::string collect(const std::string& btf, const std::string& folder = "own/1/x86_64") {
    return world_.put(std::string("hub/") + folder + "/" + kRelease + ".btf.tar.xz",
                      make_tar({{.path = std::string(kRelease) + ".btf", .body = btf}}));
  }
  std::string debug_info(const FakeDebugInfo& of = {}) {
    make_debug_info(world_.path("vmlinux.debug"), of);
    return world_.path("vmlinux.debug");
  }
  Said btf(std::vector<std::string> arguments, const BtfWorld::Environment& more = {}) const {
    arguments.insert(arguments.begin(), "btf");
    arguments.insert(arguments.end(), {"-o", out_});
    return world_.kernels(std::move(arguments), more);
  }
  void expect_none(const std::vector<std::string>& arguments, ExitCode exit_code,
                   const std::string& problem) {
    const Said said = btf(arguments);
    EXPECT_EQ(said.exit_code, exit_code) << said.err;
    EXPECT_THAT(said.err, AllOf(StartsWith("error: "), HasSubstr(problem)));
    EXPECT_FALSE(fs::exists(out_));
  }

  /// The store's kernel under a name that `kernels add` would not give it.
  void rename_kernel(const std::string& from, const std::string& to) const {
    const std::string kernels = "cache/bpfmatrix/kernels/";
    std::string record = world_.get(kernels + from + "/kernel.json");
    record.replace(record.find("\"" + from + "\""), from.size() + 2, "\"" + to + "\"");
    world_.put(kernels + from + "/kernel.json", record);
    fs::rename(world_.path(kernels + from), world_.path(kernels + to));
  }

  BtfWorld world_{};
  std::string hub_ = world_.path("hub");
  std::string out_ = world_.path("out.btf");
  std::string own_ = fake_kernel_btf(Arch::x86_64, BtfWorld::functions());
};

TEST_F(BtfOrigin, is_an_image_by_its_path) {
  const std::string image = world_.put("vmlinuz", BtfWorld::image(kRelease, own_, kBuildId));
  const std::string vmlinux = world_.put(
      "vmlinux",
      fake_vmlinux({.text = std::string("Linux version ") + kRelease + " (me) #1", .btf = own_}));
  for (const std::string& file : {image, vmlinux}) {
    fs::remove(out_);
    const Said said = btf({file});
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    EXPECT_TRUE(world_.get("out.btf") == own_);
  }
}

TEST_F(BtfOrigin, is_an_image_by_its_name_alone_where_it_is_no_kernels) {
  world_.put("vmlinuz", BtfWorld::image(kRelease, own_, kBuildId));
  world_.put("without", "hello");
  const auto here = [&](const std::string& kernel) {
    return *run_command({.argv = {"sh", "-c", "cd \"$1\" && exec \"$0\" kernels btf \"$2\" -o -",
                                  BPFMATRIX_BINARY_DIR "/bin/bpfmatrix", world_.path(""), kernel},
                         .environment = world_.environment()},
                        std::chrono::seconds(60));
  };
  EXPECT_TRUE(here("vmlinuz").out == own_);
  EXPECT_THAT(here("without").err, StartsWith("error: kernel 'without' has no BTF\n"));
}

TEST_F(BtfOrigin, that_is_no_image_or_has_no_btf_is_told) {
  expect_none({world_.put("text", "hello")}, wrong_command, "text': not a kernel image\n");
  expect_none({world_.path("gone")}, wrong_command, "gone': No such file or directory\n");
  expect_none({"without"}, unknown,
              "kernel 'without' has no BTF\nhint: --collection uses BTF that others made");
  expect_none({}, wrong_command,
              "which kernel?\nhint: name one; 'bpfmatrix kernels list' prints them\n");
}

TEST_F(BtfOrigin, is_a_collection_for_a_kernel_of_the_store_or_by_path) {
  const std::string archive = collect(own_);
  const std::string image = world_.put("vmlinuz", BtfWorld::image(kRelease, "", kBuildId));
  for (const std::string& kernel : {std::string("without"), image}) {
    fs::remove(out_);
    const Said said = btf({kernel, "--collection", hub_});
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    EXPECT_THAT(said.err, AllOf(StartsWith("from '" + fs::canonical(archive).string() + "': '"),
                                HasSubstr("' has 602 of its 602 functions\n")));
    EXPECT_TRUE(world_.get("out.btf") == own_);
  }
}

TEST_F(BtfOrigin, is_a_collection_for_a_box_whose_image_is_not_here) {
  const std::string arm = fake_kernel_btf(Arch::aarch64);
  collect(own_);
  collect(arm, "own/1/arm64");
  for (const auto& [arch, wanted] : {std::pair("x86_64", own_), {"aarch64", arm}}) {
    const Said said = btf({"--collection", hub_, "--release", kRelease, "--arch", arch});
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    EXPECT_THAT(said.err,
                HasSubstr("no kernel to compare it with: only the architecture was compared\n"));
    EXPECT_TRUE(world_.get("out.btf") == wanted);
  }
}

TEST_F(BtfOrigin, that_is_asked_for_by_half_is_a_wrong_command) {
  collect(own_);
  expect_none({"--collection", hub_}, wrong_command,
              "which kernel?\nhint: name one, or give --release and --arch\n");
  expect_none({"without", "--collection", hub_, "--release", kRelease, "--arch", "x86_64"},
              wrong_command, "'without', or the kernel of --release and --arch?\n");
  expect_none({"--collection", hub_, "--release", kRelease, "--arch", "mips"}, wrong_command,
              "--arch 'mips': unknown architecture\nhint: known: x86_64, aarch64\n");
  for (const std::vector<std::string>& half :
       {std::vector<std::string>{"--collection", hub_, "--release", kRelease},
        {"--collection", hub_, "--arch", "x86_64"},
        {"--release", kRelease, "--arch", "x86_64"},
        {"without", "--collection", hub_, "--from-debug-info", "vmlinux"}}) {
    EXPECT_EQ(btf(half).exit_code, wrong_command);
  }
}

TEST_F(BtfOrigin, that_has_the_btf_of_another_kernel_is_told) {
  const std::vector<std::string> ask{"without", "--collection", hub_};
  expect_none(ask, unknown, "hub': No such file or directory");
  std::vector<std::string> others = BtfWorld::functions();
  for (std::size_t i = 0; i < others.size(); i += 50) others[i] += "_new";
  collect(fake_kernel_btf(Arch::x86_64, others));
  expect_none(ask, unknown,
              "does not look like the BTF of this kernel: it has 602 functions, and the image of "
              "5.4.1-own has 589 of them\n");
  collect(fake_kernel_btf(Arch::aarch64, BtfWorld::functions()));
  expect_none(ask, unknown, "the BTF of a kernel for aarch64, not x86_64\n");
  collect(own_.substr(0, own_.size() - 9));
  expect_none(ask, unknown, "': not BTF, or damaged\n");
  expect_none({"--collection", hub_, "--release", kRelease, "--arch", "x86_64"}, unknown,
              "': not BTF, or damaged\n");
  collect(own_, "own/2/x86_64");
  expect_none(ask, unknown, "': several files that differ: 'own/1/x86_64/");
}

TEST_F(BtfOrigin, is_debug_information) {
  const std::string vmlinux = debug_info();
  for (const bool named : {true, false}) {
    fs::remove(out_);
    const Said said = named ? btf({"without", "--from-debug-info", vmlinux})
                            : btf({"--from-debug-info", vmlinux});
    EXPECT_EQ(said.exit_code, as_expected) << said.err;
    EXPECT_THAT(said.err, StartsWith("from '" + vmlinux + "': " +
                                     (named ? "'without' has 2 of its 2 functions\n"
                                            : "no kernel to compare it with: ")));
    const auto made = Btf::parse(world_.get("out.btf"));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->find("task_struct", BtfKind::struct_type).size(), 1U);
  }
  EXPECT_TRUE(fs::is_empty(world_.path("cache/bpfmatrix/tmp")));
}

TEST_F(BtfOrigin, that_is_the_debug_information_of_another_kernel_is_told) {
  const auto ask = [](const std::string& kernel, const std::string& vmlinux) {
    return std::vector<std::string>{kernel, "--from-debug-info", vmlinux};
  };
  const std::string rebuilt = world_.put("rebuilt", BtfWorld::image(kRelease, "", '\x01'));
  expect_none(ask(rebuilt, debug_info()), unknown,
              "vmlinux.debug': of another build: its build id is 5a5a5a5a");
  expect_none(ask("without", debug_info({.arch = Arch::aarch64})), unknown,
              "vmlinux.debug': of a kernel for aarch64, not x86_64\n");
  must_run({"strip", debug_info()});
  expect_none(ask("without", world_.path("vmlinux.debug")), unknown,
              "vmlinux.debug': no debug information in it\nhint: wanted: a vmlinux built with ");
}

TEST_F(BtfOrigin, that_wants_pahole_says_where_it_is_not) {
  const Said said = btf({"without", "--from-debug-info", debug_info()}, {{"PATH", "/nowhere"}});
  EXPECT_EQ(said.exit_code, unknown);
  EXPECT_THAT(said.err, EndsWith(": this machine lacks 'pahole', which makes BTF from debug "
                                 "information\nhint: install the package dwarves (in Debian 12 "
                                 "and later: pahole)\n"));
}

/// A kernel of the catalog that is built from source names what its parser must not see.
TEST_F(BtfOrigin, that_is_debug_information_of_an_old_kernel_asks_pahole_for_what_it_knows) {
  rename_kernel("without", "linux-5.1-x86_64");
  const std::string pahole =
      world_.put("bin/pahole", "#!/bin/sh\necho \"$1 $2\" > \"$0.words\"\nexec " +
                                   find_program("pahole")->string() + " \"$@\"\n");
  fs::permissions(pahole, fs::perms::owner_all);
  const Said said =
      btf({"linux-5.1-x86_64", "--from-debug-info", debug_info()}, {{"PATH", world_.path("bin")}});
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(world_.get("bin/pahole.words"),
            "--skip_encoding_btf_enum64 --skip_encoding_btf_vars\n");
}

}  // namespace
}  // namespace bpfmatrix
