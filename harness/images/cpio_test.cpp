#include "images/cpio.h"

#include <gtest/gtest.h>

#include <map>

#include "images/cpio_test_support.h"

namespace bpfmatrix {
namespace {

TEST(Cpio, another_implementation_reads_every_kind_of_entry) {
  const auto found = read_back(cpio_newc({{"init", CpioFile{"#!x"}, 0755},
                                          {"dev/console", CpioCharDevice{5, 1}, 0600},
                                          {"bin/sh", CpioSymlink{"../init"}},
                                          {"tmp", CpioDirectory{}, 01777}}));
  const std::map<std::string, std::string> wanted = {
      {"init", "-rwxr-xr-x #!x"}, {"dev", "drwxr-xr-x"}, {"dev/console", "crw------- 5:1"},
      {"bin", "drwxr-xr-x"},      {"tmp", "drwxrwxrwt"}, {"bin/sh", "lrwxrwxrwx -> ../init"}};
  EXPECT_EQ(found, wanted);
}

TEST(Cpio, contents_of_every_length_stay_aligned) {
  for (std::size_t length = 0; length < 9; ++length) {
    const std::string content(length, 'x');
    const auto found = read_back(cpio_newc({{"a", CpioFile{content}}, {"bc", CpioFile{"end"}}}));
    EXPECT_EQ(found.at("a"), "-rwxr-xr-x " + content);
    EXPECT_EQ(found.at("bc"), "-rwxr-xr-x end");
  }
}

TEST(Cpio, a_parent_comes_once_and_before_its_children) {
  const std::string bytes =
      cpio_newc({{"a/b/one", CpioFile{}}, {"a/b/two", CpioFile{}}, {"a", CpioFile{}}});
  EXPECT_EQ(bytes.find(std::string("a/b\0", 4)), bytes.rfind(std::string("a/b\0", 4)));
  EXPECT_LT(bytes.find(std::string("a\0", 2)), bytes.find("a/b"));
  EXPECT_LT(bytes.find(std::string("a/b\0", 4)), bytes.find("a/b/one"));
}

TEST(Cpio, equal_entries_give_equal_bytes_and_these) {
  const std::string bytes = cpio_newc({{"d/f", CpioFile{"hello"}, 0644}});
  std::string wanted =
      "070701"
      "00000001"
      "000041ED"
      "00000000"
      "00000000"
      "00000002"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000002"
      "00000000";
  wanted += std::string("d\0", 2);
  wanted +=
      "070701"
      "00000002"
      "000081A4"
      "00000000"
      "00000000"
      "00000001"
      "00000000"
      "00000005"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000004"
      "00000000";
  wanted += std::string("d/f\0\0\0", 6) + std::string("hello\0\0\0", 8);
  wanted +=
      "070701"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000001"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "00000000"
      "0000000B"
      "00000000";
  wanted += std::string("TRAILER!!!\0\0\0\0", 14);
  wanted.resize(512, '\0');
  EXPECT_EQ(bytes, wanted);
}

}  // namespace
}  // namespace bpfmatrix
