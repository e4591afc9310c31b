#include "base/memory_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace bpfmatrix {
namespace {

TEST(MemoryFile, holds_what_was_put_into_it) {
  const std::string sent(300'000, 'x');
  const Result<Fd> file = make_memory_file("bpfmatrix-test", sent);
  ASSERT_TRUE(file) << file.error().message;
  std::string read(sent.size() + 1, '\0');
  EXPECT_EQ(::pread(file->get(), read.data(), read.size(), 0), static_cast<ssize_t>(sent.size()));
  EXPECT_EQ(read.substr(0, sent.size()), sent);
}

TEST(MemoryFile, may_be_empty) { EXPECT_TRUE(make_memory_file("bpfmatrix-test", "")); }

}  // namespace
}  // namespace bpfmatrix
