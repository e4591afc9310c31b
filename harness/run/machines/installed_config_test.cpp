#include "run/machines/installed_config.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

class InstalledConfigOf : public ::testing::Test {
 protected:
  bool installed(const std::string& kind, const std::string& text) {
    kernel_.config = dir_->path() / "config";
    kernel_.origin.kind = kind;
    EXPECT_TRUE(write_file(*kernel_.config, text));
    const auto config = installed_config(kernel_);
    EXPECT_TRUE(config) << config.error().message;
    if (!config || !*config) return false;
    EXPECT_EQ((*config)->release, "6.1.0-x");
    EXPECT_EQ((*config)->text, text);
    return true;
  }

  Result<TempDir> dir_ = TempDir::create();
  Kernel kernel_{.id = "k", .release = "6.1.0-x"};
};

constexpr const char* kInImage = "CONFIG_IKCONFIG=y\n";
constexpr const char* kNotInImage = "# CONFIG_IKCONFIG is not set\nCONFIG_BPF=y\n";

TEST_F(InstalledConfigOf, a_package_is_there) {
  for (const char* kind : {"deb", "rpm"}) {
    EXPECT_TRUE(installed(kind, kInImage)) << kind;
    EXPECT_TRUE(installed(kind, kNotInImage)) << kind;
  }
}

TEST_F(InstalledConfigOf, a_kernel_of_ones_own_is_there_only_if_it_was_given) {
  for (const char* kind : {"local", "source"}) {
    EXPECT_FALSE(installed(kind, kInImage)) << kind;
    EXPECT_TRUE(installed(kind, kNotInImage)) << kind;
  }
}

TEST_F(InstalledConfigOf, a_kernel_without_one_has_none) {
  const auto none = installed_config(kernel_);
  EXPECT_TRUE(none && !*none);
}

TEST_F(InstalledConfigOf, one_that_cannot_be_read_is_an_error) {
  kernel_.config = dir_->path() / "gone";
  EXPECT_FALSE(installed_config(kernel_));
}

}  // namespace
}  // namespace bpfmatrix
