#include "kernels/find/added_kernel.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/find/fetch_kernel.h"
#include "kernels/find/kernel_parts.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

const Catalog kCatalog{{{"linux-5.8-x86_64", Arch::x86_64, DebSource{"sid", "linux", "x.gpg"}}}};

class AddedKernel : public testing::Test {
 protected:
  Result<Kernel> add(const std::string& id) {
    EXPECT_TRUE(store_.prepare());
    const auto work = TempDir::create();
    EXPECT_TRUE(write_file(work->path() / "vmlinuz", fake_bzimage("5.4.1-own", fake_btf(2))));
    auto tree = store_.temporary();
    auto made = assemble_kernel({.image = work->path() / "vmlinuz"}, tree->path(), work->path());
    EXPECT_TRUE(made) << made.error().message;
    made->kernel.id = id;
    return add_kernel(made->kernel, *std::move(tree), store_);
  }
  std::string problem(const std::string& id) {
    const auto checked = check_new_name(id, kCatalog, store_);
    return checked ? "" : checked.error().message;
  }

  Result<TempDir> dir_ = TempDir::create();
  Store store_{dir_->path()};
};

TEST_F(AddedKernel, is_found_by_its_name_and_can_be_verified_and_removed) {
  const auto kernel = add("mine");
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->id, "mine");
  EXPECT_EQ(find_kernel(store_, "mine")->release, "5.4.1-own");
  EXPECT_TRUE(verify_kernel(store_, "mine")->empty());
  ASSERT_TRUE(remove_kernel(store_, "mine"));
  EXPECT_FALSE(find_kernel(store_, "mine"));
}

TEST_F(AddedKernel, stands_behind_the_catalog_in_the_order_of_names) {
  ASSERT_TRUE(add("zebra"));
  ASSERT_TRUE(add("ant"));
  const Catalog all = with_added_kernels(kCatalog, store_);
  ASSERT_EQ(all.entries.size(), 3U);
  EXPECT_EQ(all.entries[1].id, "ant");
  EXPECT_EQ(all.entries[2].id, "zebra");
  EXPECT_TRUE(std::holds_alternative<LocalSource>(all.entries[2].source));
}

TEST_F(AddedKernel, a_damaged_record_is_left_out) {
  const auto kernel = add("mine");
  ASSERT_TRUE(kernel) << kernel.error().message;
  ASSERT_TRUE(write_file(kernel->image.parent_path() / "kernel.json", "{"));
  EXPECT_EQ(with_added_kernels(kCatalog, store_).entries.size(), 1U);
}

TEST_F(AddedKernel, has_a_name_of_its_own) {
  EXPECT_EQ(problem("mine"), "");
  ASSERT_TRUE(add("mine"));
  EXPECT_EQ(problem("mine"), "kernel 'mine': the name is already used");
  EXPECT_EQ(problem("linux-5.8-x86_64"), "kernel 'linux-5.8-x86_64': the catalog uses this name");
  EXPECT_EQ(problem("../x"), "kernel '../x': no valid name");
  const auto again = add("mine");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "kernel 'mine': the name is already used");
}

}  // namespace
}  // namespace bpfmatrix
