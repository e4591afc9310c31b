#include "run/objects/include_check.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

TEST(IncludeCheck, names_the_first_file_outside_with_links_followed) {
  const Result<TempDir> dir = TempDir::create();
  const fs::path folder = dir->path() / "case";
  fs::create_directories(folder / "include");
  ASSERT_TRUE(write_file(dir->path() / "shadow", ""));
  fs::create_symlink("../shadow", folder / "link.h");
  const std::vector<fs::path> folders{folder, "/usr"};
  const auto error_of = [&](const std::string& opened) {
    const Result<> ok = check_includes(opened, folder, folders);
    return ok ? "" : ok.error().message;
  };
  EXPECT_EQ(error_of(""), "");
  EXPECT_EQ(error_of((folder / "include/a.h").string() + "\n./b.h\n/usr/include/stddef.h\n"), "");
  EXPECT_EQ(error_of("b.h\n../shadow\n/etc/passwd"),
            "includes '../shadow', which is outside of the case's folder");
  EXPECT_EQ(error_of("./link.h\n"), "includes './link.h', which is outside of the case's folder");
  EXPECT_EQ(error_of("/etc/shadow"),
            "includes '/etc/shadow', which is outside of the case's folder");
  EXPECT_EQ(check_includes("/etc/shadow", folder, folders).error().hint, kIncludeHint);
}

TEST(IncludeCheck, what_has_no_lines_names_no_file) {
  EXPECT_TRUE(check_line_files("BC\xC0\xDE", "/", {}));
  EXPECT_TRUE(check_line_files("", "/", {}));
}

}  // namespace
}  // namespace bpfmatrix
