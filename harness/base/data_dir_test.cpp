#include "base/data_dir.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

class DataDir : public testing::Test {
 protected:
  void TearDown() override { ::unsetenv("BPFMATRIX_DATA_DIR"); }
};

TEST_F(DataDir, falls_back_to_the_source_tree) {
  ::unsetenv("BPFMATRIX_DATA_DIR");
  const auto found = find_data("CMakePresets.json");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(std::filesystem::exists(*found));
}

TEST_F(DataDir, the_environment_names_the_only_place) {
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "mine", "x"));
  ::setenv("BPFMATRIX_DATA_DIR", dir->path().c_str(), 1);
  EXPECT_EQ(*find_data("mine"), dir->path() / "mine");
  const auto missing = find_data("CMakePresets.json");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "data file 'CMakePresets.json' not found in '" + dir->path().string() + "'");
}

}  // namespace
}  // namespace bpfmatrix
