#include "kernels/store_gc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreGc : public testing::Test {
 protected:
  StoreGc() { EXPECT_TRUE(store_.prepare()); }

  fs::path install(const std::string& id, const std::string& text) {
    Result<TempDir> folder = store_.temporary();
    EXPECT_TRUE(write_file(folder->path() / "vmlinuz", text));
    return *store_.install(*std::move(folder), store_.kernel_link(id));
  }
  fs::path blob(const std::string& text, std::chrono::hours unused) const {
    const fs::path file = store_.blob(sha256_hex(text));
    EXPECT_TRUE(write_file(file, text));
    fs::last_write_time(file, fs::file_time_type::clock::now() - unused);
    return file;
  }
  std::vector<fs::path> collect(std::chrono::hours max_age, Collect what = Collect::remove) const {
    std::vector<fs::path> paths;
    for (const Garbage& garbage : collect_garbage(store_, max_age, what).garbage) {
      paths.push_back(garbage.path);
    }
    return paths;
  }

  Result<TempDir> dir_ = TempDir::create();
  Store store_{dir_->path() / "store"};
};

TEST_F(StoreGc, a_tree_to_which_no_link_leads_goes) {
  const fs::path old = install("k", "old");
  const fs::path current = install("k", "new");
  EXPECT_THAT(collect(720h, Collect::only_look), ElementsAre(old));
  EXPECT_TRUE(fs::exists(old));
  EXPECT_THAT(collect(720h), ElementsAre(old));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_EQ(store_.resolve(store_.kernel_link("k")), current);
  EXPECT_THAT(collect(0h), IsEmpty());
}

TEST_F(StoreGc, trees_stay_while_another_process_works_with_them) {
  const fs::path old = install("k", "old");
  install("k", "new");
  {
    const StoreLock user = store_.use();
    const StoreLock another = store_.use();
    const Collected none = collect_garbage(store_, 0h, Collect::remove);
    EXPECT_TRUE(none.trees_in_use);
    EXPECT_THAT(none.garbage, IsEmpty());
  }
  EXPECT_THAT(collect(0h), ElementsAre(old));
}

TEST_F(StoreGc, a_download_goes_when_it_was_not_used_for_long_unless_it_is_being_fetched) {
  const fs::path old = blob("old", 48h);
  blob("new", 12h);
  {
    const auto fetching = store_.lock("blob-" + sha256_hex("old").substr(0, 2), 0ms, {});
    EXPECT_THAT(collect(24h), IsEmpty());
  }
  EXPECT_THAT(collect(24h), ElementsAre(old));
}

TEST_F(StoreGc, what_was_fetched_just_now_stays_whatever_the_age) {
  const fs::path fresh = blob("fresh", 0h);
  const fs::path old = blob("old", 2h);
  EXPECT_THAT(collect(0h), ElementsAre(old));
  EXPECT_TRUE(fs::exists(fresh));
}

TEST_F(StoreGc, a_build_that_was_given_up_goes_and_one_at_work_stays) {
  const fs::path build = store_.root() / "builds" / "own-5.4";
  fs::create_directories(build / "out");
  ASSERT_TRUE(write_file(build / "out" / "vmlinux", std::string(100'000, 'v')));
  fs::last_write_time(build, fs::file_time_type::clock::now() - 48h);
  {
    const auto building = store_.lock("kernel-own-5.4", 0ms, {});
    EXPECT_THAT(collect(24h), IsEmpty());
  }
  const Collected gone = collect_garbage(store_, 24h, Collect::remove);
  ASSERT_EQ(gone.garbage.size(), 1U);
  EXPECT_EQ(gone.garbage[0].kind, "build");
  EXPECT_GE(gone.garbage[0].bytes, 100'000U);
  EXPECT_FALSE(fs::exists(build));
}

TEST_F(StoreGc, of_a_store_that_is_not_there_there_is_none) {
  const Store nowhere(dir_->path() / "nowhere");
  EXPECT_THAT(collect_garbage(nowhere, 0h, Collect::remove).garbage, IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix
