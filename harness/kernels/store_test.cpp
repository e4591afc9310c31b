#include "kernels/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/file.h"
#include "base/sha256.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  StoreTest() { EXPECT_TRUE(store_.prepare()); }

  fs::path install(const std::string& id, const std::string& text) {
    Result<TempDir> folder = store_.temporary();
    fs::create_directories(folder->path() / "modules");
    EXPECT_TRUE(write_file(folder->path() / "vmlinuz", text));
    EXPECT_TRUE(write_file(folder->path() / "modules" / "a.ko", "module"));
    const auto tree = store_.install(*std::move(folder), store_.kernel_link(id));
    EXPECT_TRUE(tree) << tree.error().message;
    return *tree;
  }

  Result<TempDir> dir_ = TempDir::create();
  Store store_{dir_->path() / "store"};
};

TEST_F(StoreTest, a_tree_is_named_by_what_is_in_it) {
  const fs::path tree = install("k", "image");
  EXPECT_EQ(tree.filename(), sha256_hex(*read_file(tree / "SHA256SUMS", 1000)));
  EXPECT_EQ(store_.resolve(store_.kernel_link("k")), tree);
  EXPECT_EQ(*read_file(store_.kernel_link("k") / "vmlinuz", 100), "image");
  EXPECT_TRUE(fs::is_empty(store_.root() / "tmp"));
}

TEST_F(StoreTest, a_newer_tree_takes_over_the_link) {
  install("k", "old");
  const fs::path tree = install("k", "new");
  EXPECT_EQ(store_.resolve(store_.kernel_link("k")), tree);
  EXPECT_EQ(install("k", "new"), tree);
}

TEST_F(StoreTest, that_of_another_user_is_not_used) {
  EXPECT_TRUE(Store::open(store_.root()));
  EXPECT_TRUE(Store::open(dir_->path() / "none yet"));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(store_.root().c_str(), 12345, 12345), 0);
    const Result<Store> theirs = Store::open(store_.root());
    ASSERT_FALSE(theirs);
    EXPECT_THAT(theirs.error().message, testing::HasSubstr("belongs to another user (uid 12345"));
    return;
  }
  EXPECT_FALSE(Store::open("/")) << "root's";
}

TEST_F(StoreTest, a_lock_that_is_a_link_is_not_followed) {
  const fs::path victim = dir_->path() / "victim";
  fs::create_symlink(victim, store_.root() / "locks" / "key");
  EXPECT_FALSE(store_.lock("key", std::chrono::seconds(1), {}));
  EXPECT_FALSE(fs::exists(victim));
}

TEST_F(StoreTest, a_whole_tree_verifies) {
  EXPECT_TRUE(store_.verify(install("k", "image"))->empty());
}

TEST_F(StoreTest, verify_names_what_changed_is_missing_or_came_on_top) {
  const fs::path tree = install("k", "image");
  ASSERT_TRUE(write_file(tree / "vmlinuz", "imagf"));
  fs::remove(tree / "modules" / "a.ko");
  ASSERT_TRUE(write_file(tree / "more", ""));
  fs::create_symlink("/etc/passwd", tree / "link");
  std::vector<std::string> found;
  const auto findings = store_.verify(tree);
  for (const VerifyFinding& finding : *findings) {
    found.push_back(finding.path.lexically_relative(tree).string() + ": " + finding.problem);
  }
  EXPECT_THAT(found, testing::ElementsAre("modules/a.ko: missing",
                                          "vmlinuz: sha256 mismatch: want " + sha256_hex("image") +
                                              ", got " + sha256_hex("imagf"),
                                          "more: not in SHA256SUMS", "link: not a file"));
}

TEST_F(StoreTest, verify_notices_a_rewritten_manifest) {
  const fs::path tree = install("k", "image");
  ASSERT_TRUE(write_file(tree / "vmlinuz", "other"));
  ASSERT_TRUE(write_file(tree / "SHA256SUMS", sha256_hex("other") + "  vmlinuz\n" +
                                                  sha256_hex("module") + "  modules/a.ko\n"));
  const auto findings = store_.verify(tree);
  ASSERT_EQ(findings->size(), 1U);
  EXPECT_EQ((*findings)[0].path, tree / "SHA256SUMS");
}

TEST_F(StoreTest, verify_refuses_a_manifest_that_points_outside) {
  const fs::path tree = install("k", "image");
  ASSERT_TRUE(write_file(tree / "SHA256SUMS", sha256_hex("x") + "  ../../x\n"));
  const auto findings = store_.verify(tree);
  ASSERT_EQ(findings->size(), 2U);
  EXPECT_NE((*findings)[1].problem.find("malformed line"), std::string::npos);
}

TEST_F(StoreTest, remove_takes_link_and_tree) {
  const fs::path tree = install("k", "image");
  ASSERT_TRUE(store_.remove(store_.kernel_link("k")));
  EXPECT_FALSE(fs::exists(tree));
  EXPECT_FALSE(store_.resolve(store_.kernel_link("k")));
}

TEST_F(StoreTest, a_link_to_somewhere_else_is_not_followed) {
  fs::create_symlink("/etc", store_.kernel_link("k"));
  EXPECT_FALSE(store_.resolve(store_.kernel_link("k")));
}

TEST_F(StoreTest, only_one_holds_a_lock) {
  std::atomic<bool> waited = false;
  std::atomic<int> inside = 0;
  auto first = store_.lock("key", std::chrono::seconds(10), [] {});
  ASSERT_TRUE(first);
  inside = 1;
  std::thread second([&] {
    const auto lock = store_.lock("key", std::chrono::seconds(10), [&] { waited = true; });
    EXPECT_TRUE(lock);
    EXPECT_EQ(inside, 0);
  });
  while (!waited) std::this_thread::yield();
  inside = 0;
  first->reset();
  second.join();
}

TEST_F(StoreTest, waiting_for_a_lock_has_an_end) {
  const auto held = store_.lock("key", std::chrono::seconds(10), [] {});
  const auto second = store_.lock("key", std::chrono::milliseconds(20), [] {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another process has held it"), std::string::npos);
}

TEST_F(StoreTest, what_a_killed_process_left_goes_after_a_day) {
  const fs::path left = store_.root() / "tmp" / "tree-old";
  const fs::path fresh = store_.root() / "tmp" / "tree-new";
  fs::create_directories(left);
  fs::create_directories(fresh);
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(25));
  ASSERT_TRUE(store_.prepare());
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(fresh));
}

}  // namespace
}  // namespace bpfmatrix
