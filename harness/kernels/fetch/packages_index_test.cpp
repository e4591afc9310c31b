#include "kernels/fetch/packages_index.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

const std::string kHash(64, 'a');

std::string stanza(const std::string& name, const std::string& version,
                   const std::string& filename = "pool/a.deb") {
  return "Package: " + name + "\nVersion: " + version +
         "\nArchitecture: amd64\nFilename: " + filename + "\nSize: 12\nSHA256: " + kHash + "\n\n";
}

Result<std::vector<DebPackage>> read(const std::string& bytes) {
  const Result<TempDir> dir = TempDir::create();
  EXPECT_TRUE(write_file(dir->path() / "Packages", bytes));
  return read_packages(dir->path() / "Packages",
                       [](std::string_view name) { return name == "wanted"; });
}

TEST(PackagesIndex, keeps_what_is_wanted_however_it_is_compressed) {
  const std::string text = stanza("other", "1") + "Package: wanted\nDepends: a,\n b (= 2)\n" +
                           stanza("wanted", "3").substr(16);
  for (const Packing packing : {Packing::none, Packing::gzip, Packing::xz}) {
    const auto packages = read(pack(text, packing));
    ASSERT_TRUE(packages) << packages.error().message;
    ASSERT_EQ(packages->size(), 1U);
    EXPECT_EQ((*packages)[0].version, "3");
    EXPECT_EQ((*packages)[0].bytes, 12U);
    EXPECT_EQ((*packages)[0].depends.size(), 2U);
  }
}

TEST(PackagesIndex, what_a_package_needs_is_and_comes_from_is_kept) {
  const auto packages = read("Source: whole (1.2)\nPre-Depends: a | b\nProvides: c (= 3), d\n" +
                             stanza("wanted", "1") + stanza("wanted", "2"));
  ASSERT_TRUE(packages) << packages.error().message;
  const DebPackage& first = packages->front();
  EXPECT_EQ(first.source, "whole");
  ASSERT_EQ(first.pre_depends.size(), 1U);
  EXPECT_EQ(first.pre_depends[0].size(), 2U);
  ASSERT_EQ(first.provides.size(), 2U);
  EXPECT_EQ(first.provides[0][0].version, "3");
  EXPECT_EQ(first.provides[1][0].package, "d");
  EXPECT_EQ(packages->back().source, "wanted");
}

TEST(PackagesIndex, needs_no_empty_line_at_the_end) {
  std::string text = stanza("wanted", "1");
  text.resize(text.size() - 2);
  EXPECT_EQ(read(text)->size(), 1U);
}

TEST(PackagesIndex, an_empty_one_has_none) { EXPECT_TRUE(read("")->empty()); }

TEST(PackagesIndex, refuses_a_file_name_that_leaves_the_mirror) {
  for (const char* name : {"../x", "/etc/passwd", "a//b", "a/../b", ""}) {
    const auto packages = read(stanza("wanted", "1", name));
    ASSERT_FALSE(packages) << name;
    EXPECT_NE(packages.error().message.find("field 'Filename' is missing or wrong"),
              std::string::npos);
  }
}

TEST(PackagesIndex, refuses_fields_that_stand_twice_and_lines_that_are_none) {
  EXPECT_FALSE(read("Package: wanted\nPackage: wanted\n"));
  EXPECT_FALSE(read("Package: wanted\nno field\n"));
  EXPECT_FALSE(read("Package: wanted\nVersion: 1\n"));
}

TEST(PackagesIndex, who_wants_all_may_do_without_entries_that_are_wrong) {
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "Packages", "Package: bad\n\n" + stanza("good", "1")));
  const auto all = [](std::string_view) { return true; };
  EXPECT_FALSE(read_packages(dir->path() / "Packages", all));
  const auto packages = read_packages(dir->path() / "Packages", all, DamagedEntry::left_out);
  ASSERT_TRUE(packages) << packages.error().message;
  ASSERT_EQ(packages->size(), 1U);
  EXPECT_EQ(packages->front().name, "good");
}

TEST(PackagesIndex, refuses_a_truncated_one) {
  const std::string packed = pack(stanza("wanted", "1"), Packing::xz);
  EXPECT_FALSE(read(packed.substr(0, packed.size() - 20)));
}

TEST(PackagesIndex, newest_is_the_highest_version_that_fits) {
  const auto packages = read(stanza("wanted", "1.9") + stanza("wanted", "1.10"));
  EXPECT_EQ(newest(*packages, DebRelation{"wanted"})->version, "1.10");
  EXPECT_EQ(newest(*packages, DebRelation{"wanted", "<<", "1.10"})->version, "1.9");
  EXPECT_EQ(newest(*packages, DebRelation{"wanted", "=", "2"}), nullptr);
}

}  // namespace
}  // namespace bpfmatrix
