#include "kernels/fetch/apt_mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string mirror_in(std::string_view targets) {
  return debian_mirror_in(targets).value_or("none");
}

TEST(DebianMirror, is_the_first_of_a_debian_suite_with_main) {
  EXPECT_EQ(mirror_in("bookworm main http://deb.invalid/debian/\n"
                      "bookworm-updates main http://other.invalid/debian/\n"),
            "http://deb.invalid/debian");
  EXPECT_EQ(mirror_in("trixie-backports main https://deb.invalid/debian"),
            "https://deb.invalid/debian");
}

TEST(DebianMirror, is_none_for_security_for_others_and_without_main) {
  for (const char* line : {
           "bookworm-security main http://deb.invalid/debian-security/",
           "bookworm/updates main http://deb.invalid/debian-security/",
           "bookworm non-free http://deb.invalid/debian/",
           "bookworm-debug main http://deb.invalid/debian-debug/",
           "cloud-sdk-bookworm main https://vendor.invalid/apt/",
           "nodistro main https://vendor.invalid/node/",
           "bookworm main",
           "bookworm main http://deb.invalid/debian/ more",
           "",
       }) {
    EXPECT_EQ(mirror_in(line), "none") << line;
  }
}

TEST(DebianMirror, has_a_uri_that_others_than_apt_can_use) {
  EXPECT_EQ(mirror_in("bookworm main cdrom://Debian/\n"
                      "bookworm main tor+http://deb.invalid/debian/\n"
                      "bookworm main file:/srv/debian/\n"),
            "file:///srv/debian");
  EXPECT_EQ(mirror_in("bookworm main file:///srv/debian/"), "file:///srv/debian");
}

class AptMirror : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& text) {
    const fs::path file = dir_->path() / name;
    EXPECT_TRUE(write_file(file, text));
    return file;
  }
  /// A program in apt's place.
  std::string apt_get(const std::string& script) {
    std::string program = put("apt-get", "#!/bin/sh\n" + script);
    fs::permissions(program, fs::perms::owner_all);
    return program;
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(AptMirror, follows_a_mirror_list_of_this_machine) {
  const std::string list = put("mirrors.list",
                               "# nearest first\nmirror+file:/loop\n"
                               "https://listed.invalid/debian/\tpriority:1\n");
  EXPECT_EQ(mirror_in("bookworm main mirror+file:" + list + "/"), "https://listed.invalid/debian");
  EXPECT_EQ(mirror_in("bookworm main mirror+file:/no/such/list/"), "none");
}

TEST_F(AptMirror, asks_for_the_package_indexes_of_debian) {
  const std::string program = apt_get(
      "[ \"$*\" = 'indextargets --format $(RELEASE) $(COMPONENT) $(REPO_URI) Created-By: Packages "
      "Origin: Debian' ] && echo bookworm main http://deb.invalid/debian/");
  const auto mirror = apt_mirror(program);
  ASSERT_TRUE(mirror) << mirror.error().message;
  EXPECT_EQ(*mirror, "http://deb.invalid/debian");
}

/// It knows no origins then.
TEST_F(AptMirror, asks_again_where_apt_was_never_updated) {
  const std::string program = apt_get(
      "case \"$*\" in *--no-release-info*) echo bookworm main http://deb.invalid/debian/ ;; esac");
  EXPECT_EQ(*apt_mirror(program), "http://deb.invalid/debian");
}

TEST_F(AptMirror, an_apt_without_debian_s_archive_is_an_error) {
  const auto mirror = apt_mirror(apt_get("echo jammy main http://vendor.invalid/ubuntu/"));
  ASSERT_FALSE(mirror);
  EXPECT_EQ(mirror.error().message, "apt on this machine has no mirror of Debian's archive");
}

TEST_F(AptMirror, an_apt_that_fails_is_an_error_with_its_words) {
  const auto mirror = apt_mirror(apt_get("echo 'E: malformed entry' >&2; exit 100"));
  ASSERT_FALSE(mirror);
  EXPECT_EQ(mirror.error().message, "'apt-get indextargets': exit code 100: E: malformed entry");
}

TEST_F(AptMirror, a_machine_without_apt_is_an_error_that_names_the_program) {
  const auto mirror = apt_mirror("no-such-apt-get");
  ASSERT_FALSE(mirror);
  EXPECT_THAT(mirror.error().message, HasSubstr("no-such-apt-get"));
}

}  // namespace
}  // namespace bpfmatrix
