// Kernels of one's own: from files, and from what collect.sh found on a made-up machine.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "kernels/testing/fake_archive.h"
#include "kernels/testing/fake_image.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kAddedRelease = "5.4.1-own";
const std::string kModule = "ELF vermagic=5.4.1-own SMP";

class KernelsAdd : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (dir_->path() / name).string(); }
  std::string put(const std::string& name, const std::string& bytes) {
    fs::create_directories(fs::path(path(name)).parent_path());
    EXPECT_TRUE(write_file(path(name), bytes));
    return path(name);
  }
  Said kernels(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "kernels");
    arguments.insert(arguments.end(), {"--store", path("store")});
    return bpfmatrix_says(std::move(arguments));
  }
  void expect_refused(const std::vector<std::string>& arguments, const std::string& problem) {
    const Said said = kernels(arguments);
    EXPECT_EQ(said.exit_code, wrong_command) << said.err;
    EXPECT_THAT(said.err, HasSubstr(problem));
    EXPECT_EQ(said.out, "");
    for (const char* folder : {"kernels", "trees", "tmp"}) {
      std::error_code none;
      EXPECT_TRUE(!fs::exists(path("store/") + folder, none) ||
                  fs::is_empty(path("store/") + folder))
          << folder;
    }
  }

  /// A machine's files below "root".
  void make_machine() {
    const std::string boot = "root/boot/";
    put(boot + "vmlinuz-" + kAddedRelease, fake_bzimage(kAddedRelease, fake_btf(2)));
    put(boot + "config-" + kAddedRelease, "CONFIG_BPF=y\n");
    put(boot + "System.map-" + kAddedRelease, "ffffffffffffffff B The real one is elsewhere\n");
    put("root/sys/kernel/btf/vmlinux", fake_btf(2));
    put(modules_ + "modules.builtin", "kernel/fs/ext4.ko\n");
    put(modules_ + "kernel/virtio_pci.ko.xz", pack(kModule, Packing::xz));
    put(modules_ + "kernel/virtio.ko.xz", pack(kModule, Packing::xz));
    put(modules_ + "kernel/gpu.ko.xz", pack(kModule, Packing::xz));
    put(modules_ + "modules.dep",
        "kernel/virtio_pci.ko.xz: kernel/virtio.ko.xz\nkernel/virtio.ko.xz:\nkernel/gpu.ko.xz:\n");
  }
  /// Runs the script that `kernels collect` prints.
  CommandOutput collect(std::vector<std::string> shell,
                        const std::string& release = kAddedRelease) {
    const Said script = bpfmatrix_says({"kernels", "collect"});
    EXPECT_EQ(script.exit_code, as_expected);
    shell.insert(shell.end(), {put("collect.sh", script.out), "-r", path("root"), "-k", release,
                               path("box.tar")});
    const auto ran = run_command({.argv = std::move(shell)}, std::chrono::seconds(60));
    EXPECT_TRUE(ran) << ran.error().message;
    return ran ? *ran : CommandOutput{};
  }

  Result<TempDir> dir_ = TempDir::create();
  std::string modules_ = std::string("root/lib/modules/") + kAddedRelease + "/";
};

TEST_F(KernelsAdd, an_image_is_added_listed_verified_and_removed) {
  const std::string image = put("vmlinuz", fake_bzimage(kAddedRelease, fake_btf(2)));
  const Said added = kernels({"add", "mine", "--image", image});
  EXPECT_EQ(added.exit_code, as_expected) << added.err;
  EXPECT_TRUE(added.out.starts_with("mine                     5.4.1-own ")) << added.out;
  EXPECT_THAT(added.out, HasSubstr("\n  image     bzImage, x86_64, sha256 "));
  EXPECT_THAT(added.out, HasSubstr("\n  config    none: the image has none inside; give it "));
  EXPECT_THAT(kernels({"list"}).out, HasSubstr("\nmine                     5.4.1-own "));
  EXPECT_EQ(kernels({"verify", "mine"}).exit_code, as_expected);
  const Said again = kernels({"add", "mine", "--image", image});
  EXPECT_EQ(again.exit_code, wrong_command);
  EXPECT_THAT(again.err, HasSubstr("error: kernel 'mine': the name is already used\n"
                                   "hint: run 'bpfmatrix kernels rm mine', or choose another"));
  EXPECT_EQ(kernels({"rm", "mine"}).exit_code, as_expected);
  EXPECT_THAT(kernels({"list"}).out, Not(HasSubstr("mine")));
}

TEST_F(KernelsAdd, what_cannot_be_added_is_told_and_leaves_nothing) {
  const std::string image = put("vmlinuz", fake_bzimage(kAddedRelease, ""));
  const std::string cut = put("cut", fake_bzimage(kAddedRelease, "").substr(0, 1040));
  expect_refused({"add", "x"},
                 "error: which kernel? give one of --image, --archive and --from-running");
  expect_refused({"add", "x", "--image", image, "--from-running"}, "error: which kernel?");
  expect_refused({"add", "debian-6.1-x86_64", "--image", image}, "': the catalog uses this name");
  expect_refused({"add", "x", "--image", path("gone")}, "error: kernel 'x': '" + path("gone"));
  expect_refused({"add", "x", "--image", cut}, "truncated: the payload reaches past the end");
  expect_refused({"add", "x", "--image", image, "--arch", "mips"},
                 "error: kernel 'x': --arch 'mips': unknown architecture\n"
                 "hint: known: x86_64, aarch64");
  expect_refused({"add", "x", "--image", image, "--config", put("config", "hello")},
                 "config': not a kernel's config: no line begins with CONFIG_");
  expect_refused({"add", "x", "--archive", image}, "error: kernel 'x': '" + image);
}

TEST_F(KernelsAdd, an_image_whose_types_never_end_is_refused_and_not_kept) {
  // The second of two types: a pointer to itself.
  std::string endless = fake_btf(1);
  put_le(endless, 36 + 4, 2U << 24, 4);
  put_le(endless, 36 + 8, 2, 4);
  const std::string image = put("endless", fake_bzimage(kAddedRelease, endless));
  const std::string problem = "BTF: type 2 is made of itself, without a name in between";
  expect_refused({"add", "x", "--image", image}, problem);
  const std::string plain = put("plain", fake_bzimage(kAddedRelease, ""));
  expect_refused({"add", "x", "--image", plain, "--btf", put("endless.btf", endless)}, problem);
  const Said said = bpfmatrix_says({"kernels", "btf", image, "-o", path("out.btf")},
                                   std::chrono::seconds(60), {{"XDG_CACHE_HOME", path("cache")}});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr(problem));
}

TEST_F(KernelsAdd, what_is_no_regular_file_is_refused_at_once) {
  const std::string fifo = path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const char* option : {"--image", "--archive"}) {
    expect_refused({"add", "x", option, fifo}, "not a regular file");
  }
  const std::string image = put("image", fake_bzimage(kAddedRelease, ""));
  for (const char* option : {"--config", "--system-map", "--btf"}) {
    expect_refused({"add", "x", "--image", image, option, fifo}, "not a regular file");
  }
}

TEST_F(KernelsAdd, a_machine_is_collected_by_every_shell_and_added) {
  make_machine();
  for (const std::vector<std::string>& shell :
       {std::vector<std::string>{"sh"}, {"bash", "--posix"}, {"busybox", "sh"}}) {
    const CommandOutput collected = collect(shell);
    ASSERT_TRUE(collected.status.success()) << shell[0] << ": " << collected.err;
    EXPECT_THAT(collected.err, HasSubstr("System.map: not found"))
        << "Debian's package has only a hint in its place";
    const Said added = kernels({"add", shell[0], "--archive", path("box.tar")});
    EXPECT_EQ(added.exit_code, as_expected) << shell[0] << ": " << added.err;
    EXPECT_THAT(added.out, HasSubstr("\n  config    as given\n"));
    EXPECT_THAT(added.out, HasSubstr("\n  modules   2\n")) << "what is wanted, and what that needs";
  }
}

TEST_F(KernelsAdd, modules_without_a_list_say_themselves_what_they_need) {
  make_machine();
  fs::remove_all(path(modules_));
  put(modules_ + "veth.ko", kModule + std::string("\0depends=crc,ring-buf\0", 22));
  put(modules_ + "crc.ko", kModule);
  put(modules_ + "ring_buf.ko", kModule);
  put(modules_ + "gpu.ko", kModule);
  const CommandOutput collected = collect({"sh"});
  ASSERT_TRUE(collected.status.success()) << collected.err;
  const Said added = kernels({"add", "flat", "--archive", path("box.tar")});
  EXPECT_EQ(added.exit_code, as_expected) << added.err;
  EXPECT_THAT(added.out, HasSubstr("\n  modules   3\n"));
}

TEST_F(KernelsAdd, a_machine_without_that_kernel_gives_no_archive) {
  make_machine();
  const CommandOutput collected = collect({"sh"}, "5.4.2");
  EXPECT_EQ(collected.status.code, 1);
  EXPECT_EQ(collected.err, "collect.sh: no kernel image of '5.4.2' below '" + path("root") +
                               "/boot': name it with -i IMAGE\n");
  EXPECT_FALSE(fs::exists(path("box.tar")));
}

TEST_F(KernelsAdd, an_image_newer_than_the_running_kernel_is_refused) {
  make_machine();
  put("root/boot/vmlinuz-5.4.0", fake_bzimage(kAddedRelease, ""));
  ASSERT_TRUE(collect({"sh"}, "5.4.0").status.success());
  expect_refused({"add", "x", "--archive", path("box.tar")},
                 "the image says it is '5.4.1-own', the machine that ran it '5.4.0'\n"
                 "hint: was the kernel updated there, and not yet rebooted into?");
}

}  // namespace
}  // namespace bpfmatrix
