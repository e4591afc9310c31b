#include "kernels/fetch/apt_sources.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class AptSources : public testing::Test {
 protected:
  AptSources() { fs::create_directories(dir_->path() / "sources.list.d"); }
  void put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(write_file(dir_->path() / name, text));
  }
  std::string mirror() { return apt_mirror(dir_->path()).value_or("none"); }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(AptSources, reads_the_one_line_format) {
  put("sources.list",
      "# deb http://commented.invalid/debian bookworm main\n"
      "deb-src http://source.invalid/debian bookworm main\n"
      "deb [ arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] "
      "http://mirror.invalid/debian/ bookworm main contrib # the nearest\n");
  EXPECT_EQ(mirror(), "http://mirror.invalid/debian");
}

TEST_F(AptSources, reads_the_deb822_format) {
  put("sources.list.d/debian.sources",
      "Types: deb deb-src\n# a comment\nURIs: https://mirror.invalid/debian\n"
      "Suites: bookworm bookworm-updates\nComponents: main\n"
      "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n");
  EXPECT_EQ(mirror(), "https://mirror.invalid/debian");
}

TEST_F(AptSources, passes_over_what_is_off_foreign_or_for_security) {
  put("sources.list.d/a.sources",
      "Types: deb\nURIs: http://off.invalid/debian\nSuites: bookworm\nComponents: main\nEnabled: "
      "no\n"
      "\n"
      "Types: deb-src\nURIs: http://source.invalid/debian\nSuites: bookworm\nComponents: main\n"
      "\n"
      "Types: deb\nURIs: http://foreign.invalid/debian\nSuites: bookworm\nComponents: main\n"
      "Signed-By: /usr/share/keyrings/vendor.gpg\n"
      "\n"
      "Types: deb\nURIs: http://mirror.invalid/debian-security\nSuites: bookworm-security\n"
      "Components: main\n");
  put("sources.list.d/b.list",
      "deb https://vendor.invalid/apt cloud-sdk-bookworm main\n"
      "deb https://vendor.invalid/node nodistro main\n"
      "deb http://mirror.invalid/debian-security bookworm/updates main\n"
      "deb http://mirror.invalid/debian bookworm non-free\n");
  put("sources.list.d/c.list.disabled", "deb http://disabled.invalid/debian bookworm main\n");
  EXPECT_EQ(mirror(), "none");
  put("sources.list.d/z.list", "deb http://right.invalid/debian trixie-backports main\n");
  EXPECT_EQ(mirror(), "http://right.invalid/debian");
}

TEST_F(AptSources, takes_the_first_uri_that_it_can_use) {
  put("sources.list",
      "deb cdrom:[Debian]/ bookworm main\n"
      "deb file:/srv/debian bookworm main\n");
  EXPECT_EQ(mirror(), "file:///srv/debian");
}

TEST_F(AptSources, follows_a_mirror_list) {
  put("mirrors.list", "# nearest first\nhttps://listed.invalid/debian/\tpriority:1\n");
  put("sources.list",
      "deb mirror+file:" + (dir_->path() / "mirrors.list").string() + " bookworm main\n");
  EXPECT_EQ(mirror(), "https://listed.invalid/debian");
}

TEST_F(AptSources, a_mirror_list_that_names_itself_ends) {
  const std::string list = (dir_->path() / "mirrors.list").string();
  put("mirrors.list", "mirror+file:" + list + "\n");
  put("sources.list", "deb mirror+file:" + list + " bookworm main\n");
  EXPECT_EQ(mirror(), "none");
}

TEST_F(AptSources, no_configuration_is_none) { EXPECT_FALSE(apt_mirror("/nowhere")); }

}  // namespace
}  // namespace bpfmatrix
