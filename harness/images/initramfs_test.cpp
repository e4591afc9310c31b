#include "images/initramfs.h"

#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/temp_dir.h"
#include "images/cpio_test_support.h"

namespace bpfmatrix {
namespace {

class Initramfs : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file(dir() / "agent", "AGENT"));
    ASSERT_TRUE(write_file(dir() / "loader-libbpf", "LOADER"));
    tools_ = {dir() / "agent", {{"libbpf", dir() / "loader-libbpf"}}};
  }
  const std::filesystem::path& dir() const { return dir_->path(); }

  GuestTools tools_{};
  const ModuleSet modules_{{{"virtio", ModuleUse::channel, "V"}, {"veth", ModuleUse::later, "E"}},
                           {}};

 private:
  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(Initramfs, holds_the_agent_its_loaders_the_modules_and_their_order) {
  const Result<std::string> bytes = build_initramfs(tools_, modules_);
  ASSERT_TRUE(bytes) << bytes.error().message;
  const std::map<std::string, std::string> wanted = {
      {"dev", "drwxr-xr-x"},
      {"dev/console", "crw------- 5:1"},
      {"proc", "drwxr-xr-x"},
      {"run", "drwxr-xr-x"},
      {"sys", "drwxr-xr-x"},
      {"tmp", "drwxrwxrwt"},
      {"init", "-rwxr-xr-x AGENT"},
      {"bpfmatrix", "drwxr-xr-x"},
      {"bpfmatrix/loaders", "drwxr-xr-x"},
      {"bpfmatrix/loaders/libbpf", "-rwxr-xr-x LOADER"},
      {"bpfmatrix/modules", "drwxr-xr-x"},
      {"bpfmatrix/modules/00-virtio.ko", "-rw-r--r-- V"},
      {"bpfmatrix/modules/01-veth.ko", "-rw-r--r-- E"},
      {"bpfmatrix/modules/order", "-rw-r--r-- channel 00-virtio.ko\nlater 01-veth.ko\n"}};
  EXPECT_EQ(read_back(*bytes), wanted);
}

TEST_F(Initramfs, holds_the_configuration_where_an_installed_system_has_it) {
  const auto bytes = build_initramfs(tools_, modules_, InstalledConfig{"6.1.0-x", "CONFIG_BPF=y"});
  EXPECT_EQ(read_back(*bytes).at("boot/config-6.1.0-x"), "-rw-r--r-- CONFIG_BPF=y");
}

TEST_F(Initramfs, a_release_that_is_no_files_name_has_no_configuration) {
  const auto plain = build_initramfs(tools_, modules_);
  for (const char* release : {"", "../init", "a/b"}) {
    EXPECT_EQ(*build_initramfs(tools_, modules_, InstalledConfig{release, "x"}), *plain) << release;
  }
}

TEST_F(Initramfs, equal_inputs_give_equal_bytes) {
  EXPECT_EQ(*build_initramfs(tools_, modules_), *build_initramfs(tools_, modules_));
}

TEST_F(Initramfs, a_tool_that_cannot_be_read_is_an_error_that_names_it) {
  tools_.loaders[0].file = dir() / "gone";
  EXPECT_EQ(build_initramfs(tools_, modules_).error().message,
            "loader 'libbpf': '" + (dir() / "gone").string() + "': No such file or directory");
}

}  // namespace
}  // namespace bpfmatrix
