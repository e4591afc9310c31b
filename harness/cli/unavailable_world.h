// For tests: a catalog of unavailable kernels, each for another reason, and a store and
// mirrors that know it.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"

namespace bpfmatrix {

/// The data of the source tree, but for the catalog.
class UnavailableWorld {
 public:
  UnavailableWorld() {
    namespace fs = std::filesystem;
    const fs::path tree(BPFMATRIX_SOURCE_DIR);
    for (const char* folder : {"data/kernels", "mirror/v5.x", "rpm", "cache"}) {
      fs::create_directories(dir_.path() / folder);
    }
    fs::create_directory_symlink(tree / "cases", dir_.path() / "data/cases");
    for (const char* part : {"config", "keys", "features.json"}) {
      fs::create_symlink(tree / "kernels" / part, dir_.path() / "data/kernels" / part);
    }
    EXPECT_TRUE(write_file(dir_.path() / "data/kernels/catalog.json",
                           fmt::format(R"({{"schema": 1, "kernels": [{}]}})", catalog_)));
    EXPECT_TRUE(write_file(dir_.path() / "mirror/v5.x/wrong.tar.xz", "another tarball"));
    EXPECT_TRUE(write_file(dir_.path() / "rpm/wrong-1-1.x86_64.rpm", "another package"));
  }

  Said says(const std::vector<std::string>& arguments, const std::string& cache = "") const {
    return bpfmatrix_says(arguments, std::chrono::seconds(600), environment(cache));
  }
  /// What a shell says to this line, in the same world.
  Said shell_says(const std::string& line) const {
    const auto ran = run_command({.argv = {"/bin/sh", "-c", line}, .environment = environment("")},
                                 std::chrono::seconds(60));
    EXPECT_TRUE(ran) << ran.error().message;
    if (!ran) return {};
    return {ran->status.code.value_or(-1), ran->out, ran->err};
  }
  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

  /// Nobody listens on the discard port; each connection is tried again, for seconds. Before, the
  /// mirror is an empty folder.
  void cut_network() { mirror_ = "http://127.0.0.1:9/debian"; }

 private:
  std::vector<std::pair<std::string, std::string>> environment(const std::string& cache) const {
    std::vector<std::pair<std::string, std::string>> all{
        {"BPFMATRIX_DATA_DIR", (dir_.path() / "data").string()},
        {"BPFMATRIX_MIRROR", mirror_},
        {"BPFMATRIX_KERNEL_MIRROR", "file://" + (dir_.path() / "mirror").string()},
        {"BPFMATRIX_RPM_MIRROR", "test=file://" + (dir_.path() / "rpm").string()}};
    if (cache.empty()) {
      all.emplace_back("XDG_CACHE_HOME", (dir_.path() / "cache").string());
      all.emplace_back("BPFMATRIX_HISTORY", (dir_.path() / "history.db").string());
    }
    return all;
  }
  static std::string rpm(const std::string& id, const std::string& package) {
    return fmt::format(R"({{"id": "{}", "arch": "x86_64", "rpm": {{"distribution": "test",
      "packages": [{{"path": "{}", "sha256": "{}"}}]}}}}, )",
                       id, package, std::string(64, 'a'));
  }
  static std::string source(const std::string& id, const std::string& tarball,
                            const std::string& gcc) {
    return fmt::format(R"({{"id": "{}", "arch": "x86_64", "source": {{"tarball": {{"path":
      "v5.x/{}", "sha256": "{}"}}, "config": ["base"], "gcc": "{}", "objects": 9}}}}, )",
                       id, tarball, std::string(64, 'a'), gcc);
  }
  static std::string deb(const std::string& id, const std::string& suite) {
    return fmt::format(R"({{"id": "{}", "arch": "x86_64", "deb": {{"suite": "{}", "package":
      "linux-image-cloud-amd64", "keyring": "debian-archive-keyring.gpg", "keys": ["{}"]}}}})",
                       id, suite, std::string(40, 'A'));
  }

  std::string catalog_ =
      source("no-compiler", "gone.tar.xz", "1") + source("gone-tarball", "gone.tar.xz", "12") +
      source("wrong-tarball", "wrong.tar.xz", "12") + rpm("gone-rpm", "gone-1-1.x86_64.rpm") +
      rpm("wrong-rpm", "wrong-1-1.x86_64.rpm") + deb("no-network", "trixie") + ", " +
      deb("debian-6.1-x86_64", "bookworm");
  TempDir dir_ = *TempDir::create();
  std::string mirror_ = "file://" + (dir_.path() / "debian").string();
};

}  // namespace bpfmatrix
