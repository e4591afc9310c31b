// `bpfmatrix kernels gc` on a store with something of everything.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "kernels/store.h"
#include "vm/template.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

class KernelsGc : public ::testing::Test {
 protected:
  KernelsGc() {
    EXPECT_TRUE(store_.prepare());
    for (const char* text : {"old", "new"}) {
      Result<TempDir> folder = store_.temporary();
      EXPECT_TRUE(write_file(folder->path() / "vmlinuz", text));
      const auto tree = store_.install(*std::move(folder), store_.kernel_link("k"));
      (text == std::string("old") ? old_tree_ : tree_) = *tree;
    }
    put_template("6.1-young", 1h);
    put_template("6.1-old", 24h * 40);
    EXPECT_TRUE(write_file(store_.blob(sha256_hex("package")), "package"));
    fs::last_write_time(store_.blob(sha256_hex("package")),
                        fs::file_time_type::clock::now() - 24h * 20);
  }

  Said gc(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), {"kernels", "gc", "--store", store_.root().string()});
    return bpfmatrix_says(std::move(arguments));
  }
  bool has_template(const std::string& release) const {
    return fs::exists(store_.root() / "templates" / sha256_hex(release));
  }
  void put_template(const std::string& release, std::chrono::hours unused) const {
    const fs::path folder = store_.root() / "templates" / sha256_hex(release);
    fs::create_directories(folder);
    EXPECT_TRUE(write_file(folder / kTemplateRam, std::string(1 << 20, 'r')));
    EXPECT_TRUE(write_file(
        folder / kTemplateRecord,
        R"({"format":1,"release":")" + release +
            R"(","channel":"virtio","ram_bytes":1,"ram_changed_ns":1,"state_bytes":1,"state_sha256":""})"));
    fs::last_write_time(folder / kTemplateRecord, fs::file_time_type::clock::now() - unused);
  }

  Result<TempDir> dir_ = TempDir::create();
  Store store_{dir_->path() / "store"};
  fs::path old_tree_{};
  fs::path tree_{};
};

TEST_F(KernelsGc, says_what_it_would_remove_and_removes_it_when_told) {
  const Said dry = gc({"--dry-run"});
  EXPECT_EQ(dry.exit_code, as_expected) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("template  " + sha256_hex("6.1-old").substr(0, 12) + " 6.1-old"));
  EXPECT_THAT(dry.out, HasSubstr("tree      " + old_tree_.filename().string().substr(0, 12)));
  EXPECT_THAT(dry.out, HasSubstr("2 would be removed, 1.0 MiB to be freed\n"));
  EXPECT_TRUE(fs::exists(old_tree_));
  const Said done = gc();
  EXPECT_EQ(done.exit_code, as_expected) << done.err;
  EXPECT_THAT(done.out, HasSubstr("2 removed, 1.0 MiB freed\n"));
  EXPECT_FALSE(fs::exists(old_tree_));
  EXPECT_TRUE(fs::exists(tree_));
  EXPECT_FALSE(has_template("6.1-old"));
  EXPECT_TRUE(has_template("6.1-young"));
  EXPECT_EQ(gc().out, "0 removed, 0.0 MiB freed\n");
}

TEST_F(KernelsGc, age_and_size_can_be_chosen) {
  EXPECT_THAT(gc({"--max-age", "10", "--dry-run"}).out,
              HasSubstr("blob      " + sha256_hex("package").substr(0, 12)));
  gc({"--max-bytes", "0"});
  EXPECT_FALSE(has_template("6.1-young"));
  EXPECT_TRUE(fs::exists(store_.blob(sha256_hex("package"))));
}

TEST_F(KernelsGc, what_another_process_uses_or_makes_stays) {
  const StoreLock user = store_.use();
  const auto maker = store_.lock("template-" + sha256_hex("6.1-old"), 0ms, {});
  const Said said = gc();
  EXPECT_EQ(said.out, "0 removed, 0.0 MiB freed\n");
  EXPECT_EQ(said.err, "the store's kernels are in use, so their files stay\n");
  EXPECT_TRUE(fs::exists(old_tree_));
  EXPECT_TRUE(has_template("6.1-old"));
}

TEST_F(KernelsGc, a_wrong_value_is_a_wrong_command) {
  for (const char* option : {"--max-bytes", "--max-age"}) {
    for (const char* value : {"-1", "many", ""}) {
      EXPECT_EQ(gc({option, value}).exit_code, wrong_command) << option << " " << value;
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
