#include "kernels/fetch/mirror.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

class Mirror : public testing::Test {
 protected:
  Mirror() {
    const std::filesystem::path apt_get = dir_->path() / "apt-get";
    EXPECT_TRUE(write_file(apt_get, "#!/bin/sh\necho sid main http://apt.invalid/d/\n"));
    std::filesystem::permissions(apt_get, std::filesystem::perms::owner_all);
    EXPECT_TRUE(
        write_file(dir_->path() / "config.json", R"({"mirror": "http://file.invalid/d/"})"));
    config_ = {"http://option.invalid/d", "http://environment.invalid/d",
               dir_->path() / "config.json", apt_get};
  }

  Result<TempDir> dir_ = TempDir::create();
  MirrorConfig config_{};
};

TEST_F(Mirror, option_then_environment_then_file_then_apt) {
  EXPECT_EQ(*choose_mirror(config_), "http://option.invalid/d");
  config_.option.clear();
  EXPECT_EQ(*choose_mirror(config_), "http://environment.invalid/d");
  config_.environment.clear();
  EXPECT_EQ(*choose_mirror(config_), "http://file.invalid/d");
  config_.config_file = dir_->path() / "missing.json";
  EXPECT_EQ(*choose_mirror(config_), "http://apt.invalid/d");
  config_.apt_get = "no-such-apt-get";
  const auto none = choose_mirror(config_);
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.starts_with("no Debian mirror is configured: "));
  EXPECT_EQ(none.error().hint, "give one with --mirror URL, BPFMATRIX_MIRROR, or \"mirror\" in '" +
                                   config_.config_file.string() + "'");
}

TEST_F(Mirror, refuses_other_schemes_and_names_where_it_stood) {
  for (const char* url : {"ftp://x/d", "mirror.invalid/debian", "http://", "file://host/d"}) {
    config_.option = url;
    ASSERT_FALSE(choose_mirror(config_)) << url;
  }
  EXPECT_EQ(choose_mirror(config_).error().message,
            "mirror 'file://host/d' (--mirror): not an http, https or file URL");
}

TEST_F(Mirror, kernel_tarballs_have_one_of_their_own) {
  ASSERT_TRUE(write_file(config_.config_file,
                         R"({"mirror": "http://d.invalid/d", "kernel_mirror": "file:///k/"})"));
  EXPECT_EQ(*choose_kernel_mirror(config_), "http://option.invalid/d");
  config_.option.clear();
  EXPECT_EQ(*choose_kernel_mirror(config_), "http://environment.invalid/d");
  config_.environment.clear();
  EXPECT_EQ(*choose_kernel_mirror(config_), "file:///k");
  config_.config_file = dir_->path() / "missing.json";
  EXPECT_EQ(*choose_kernel_mirror(config_), "https://cdn.kernel.org/pub/linux/kernel");
  config_.option = "ftp://x/d";
  EXPECT_EQ(choose_kernel_mirror(config_).error().message,
            "mirror 'ftp://x/d' (--kernel-mirror): not an http, https or file URL");
}

TEST_F(Mirror, archives_are_chosen_by_option_environment_and_file) {
  ASSERT_TRUE(write_file(config_.config_file, R"({"snapshot_mirror": "http://file.invalid/s/",
      "rpm_mirrors": {"own": "http://file.invalid/own", "centos": "http://file.invalid/c"}})"));
  ArchiveMirrorConfig config{.snapshots = "http://option.invalid/s",
                             .rpm = {"own=http://option.invalid/own"},
                             .snapshots_environment = "http://environment.invalid/s",
                             .rpm_environment = "centos=http://e.invalid/c own=http://e.invalid/o",
                             .config_file = config_.config_file};
  EXPECT_EQ(choose_archive_mirrors(config)->snapshots, "http://option.invalid/s");
  EXPECT_EQ(choose_archive_mirrors(config)->rpm["own"], "http://option.invalid/own");
  EXPECT_EQ(choose_archive_mirrors(config)->rpm["centos"], "http://e.invalid/c");
  config = {.config_file = config_.config_file};
  EXPECT_EQ(choose_archive_mirrors(config)->snapshots, "http://file.invalid/s");
  EXPECT_EQ(choose_archive_mirrors(config)->rpm["centos"], "http://file.invalid/c");
  EXPECT_EQ(choose_archive_mirrors({})->snapshots, "");
  EXPECT_TRUE(choose_archive_mirrors({})->rpm.empty());
}

TEST_F(Mirror, an_archive_that_is_none_is_named) {
  ArchiveMirrorConfig config{.rpm = {"http://x/d"}};
  EXPECT_EQ(choose_archive_mirrors(config).error().message,
            "--rpm-mirror 'http://x/d': wanted NAME=URL");
  config.rpm = {"own=ftp://x/d"};
  EXPECT_EQ(choose_archive_mirrors(config).error().message,
            "mirror 'ftp://x/d' (--rpm-mirror): not an http, https or file URL");
}

TEST_F(Mirror, an_unknown_key_in_the_config_file_is_an_error) {
  config_.option.clear();
  config_.environment.clear();
  ASSERT_TRUE(write_file(config_.config_file, R"({"miror": "http://x/d"})"));
  const auto mirror = choose_mirror(config_);
  ASSERT_FALSE(mirror);
  EXPECT_EQ(mirror.error().message, "'" + config_.config_file.string() + "': unknown key 'miror'");
}

}  // namespace
}  // namespace bpfmatrix
