// An enterprise kernel's way, whole: packages made and signed here, served, fetched, booted.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "kernels/kernels.h"
#include "kernels/testing/fake_rpm.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kId = "rpm-6.1-x86_64";

/// The files of Debian's 6.1, laid out as an enterprise kernel's package has them.
FakeRpm package_of(const Kernel& kernel) {
  FakeRpm rpm{.version = "6.1.0", .release = "50"};
  const std::string folder = "lib/modules/" + kernel.release + "/";
  rpm.entries = {{.path = folder + "vmlinuz", .body = *read_file(kernel.image, 64 << 20)},
                 {.path = folder + "config", .body = *read_file(*kernel.config, 4 << 20)}};
  for (const auto& file : fs::recursive_directory_iterator(*kernel.modules)) {
    const std::string name = file.path().filename().string();
    if (!file.is_regular_file()) continue;
    if (name != "modules.builtin" && !name.starts_with("virtio")) continue;
    rpm.entries.push_back(
        {.path = folder + file.path().lexically_relative(*kernel.modules).string(),
         .body = *read_file(file.path(), 64 << 20)});
  }
  return rpm;
}

TEST(RpmVm, a_signed_package_is_fetched_and_its_kernel_boots) {
  const auto store = Store::default_root();
  const auto kernel = find_kernel(Store(*store), "debian-6.1-x86_64");
  ASSERT_TRUE(kernel) << kernel.error().message;
  const FakeKey key({.algorithm = "rsa2048"});
  const FakeRpm rpm = package_of(*kernel);
  FakeServer server;
  server.put("/os/" + rpm.file_name(), make_rpm(rpm, &key));

  const auto world = TempDir::create();
  const fs::path data = world->path() / "data";
  fs::create_directories(data / "kernels/keys");
  fs::create_directory_symlink(BPFMATRIX_SOURCE_DIR "/cases", data / "cases");
  fs::create_symlink(BPFMATRIX_SOURCE_DIR "/kernels/features.json", data / "kernels/features.json");
  key.export_armoured_to(data / "kernels/keys" / (key.fingerprint() + ".asc"));
  ASSERT_TRUE(
      write_file(data / "kernels/catalog.json",
                 fmt::format(R"({{"schema": 1, "kernels": [{{"id": "{}", "arch": "x86_64", "rpm": {{
        "distribution": "test", "key": "{}", "packages": [{{"path": "os/{}"}}]}}}}]}})",
                             kId, key.fingerprint(), rpm.file_name())));
  const std::vector<std::pair<std::string, std::string>> environment{
      {"BPFMATRIX_DATA_DIR", data.string()},
      {"BPFMATRIX_MIRROR", "http://127.0.0.1:9/debian"},  // nobody listens there
      {"BPFMATRIX_RPM_MIRROR", "test=" + server.url()},
      {"XDG_CACHE_HOME", (world->path() / "cache").string()}};

  const Said fetched =
      bpfmatrix_says({"kernels", "fetch", kId}, std::chrono::seconds(60), environment);
  EXPECT_EQ(fetched.exit_code, 0) << fetched.err;
  EXPECT_THAT(fetched.out, HasSubstr(kernel->release));
  const std::string run = (world->path() / "run").string();
  const Said ran = bpfmatrix_says({"run", "--kernel", kId, "--case", "ringbuf", "--case",
                                   "core-task-tgid", "--accel", "tcg", "--out", run, "--json"},
                                  std::chrono::seconds(300), environment);
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  const Said told = bpfmatrix_says({"explain", run, std::string(kId) + "/ringbuf/kernel/libbpf"},
                                   std::chrono::seconds(60), environment);
  EXPECT_THAT(told.out, HasSubstr("origin      rpm kernel-core 6.1.0-50, sha256 "));
  EXPECT_THAT(told.out, HasSubstr(", signed by " + key.fingerprint()));
}

}  // namespace
}  // namespace bpfmatrix
