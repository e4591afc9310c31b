#include "vm/console_buffer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

TEST(ConsoleBuffer, keeps_everything_that_fits) {
  ConsoleBuffer buffer;
  const std::string head(ConsoleBuffer::kHeadBytes - 1, 'h');
  const std::string tail(ConsoleBuffer::kTailBytes, 't');
  buffer.append(head);
  buffer.append("x" + tail);
  EXPECT_EQ(buffer.text(), head + "x" + tail);
}

TEST(ConsoleBuffer, a_flood_leaves_beginning_end_and_the_count_between_them) {
  ConsoleBuffer buffer;
  buffer.append("first");
  for (int i = 0; i < 300; ++i) buffer.append(std::string(10'007, '-'));
  buffer.append("last");
  const std::string text = buffer.text();
  EXPECT_EQ(buffer.total_bytes(), 5U + 300U * 10'007U + 4U);
  EXPECT_TRUE(text.starts_with("first---"));
  EXPECT_TRUE(text.ends_with("---last"));
  const auto left_out =
      buffer.total_bytes() - ConsoleBuffer::kHeadBytes - ConsoleBuffer::kTailBytes;
  const std::string note = "\n[... " + std::to_string(left_out) + " bytes left out ...]\n";
  EXPECT_EQ(text.find(note), ConsoleBuffer::kHeadBytes);
  EXPECT_EQ(text.size(), ConsoleBuffer::kHeadBytes + note.size() + ConsoleBuffer::kTailBytes);
}

TEST(ConsoleBuffer, one_write_larger_than_all_is_cut_as_well) {
  ConsoleBuffer buffer;
  buffer.append(std::string(5 << 20, 'a') + "end");
  EXPECT_TRUE(buffer.text().ends_with("aend"));
  EXPECT_LT(buffer.text().size(), 2U << 20);
}

TEST(ConsoleLog, stops_at_its_limit_and_says_so) {
  const Result<TempDir> dir = TempDir::create();
  const std::filesystem::path path = dir->path() / "console.log";
  Result<ConsoleLog> log = ConsoleLog::open(path);
  ASSERT_TRUE(log) << log.error().message;
  for (int i = 0; i < 20; ++i) log->append(std::string(1 << 20, 'x'));
  const Result<std::string> text = read_file(path, 20 << 20);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("\n[the console went on; this file keeps its first 16777216 bytes]\n"),
            ConsoleLog::kMaxBytes);
}

TEST(ConsoleLog, takes_the_place_of_what_has_its_name_and_waits_for_nobody) {
  const Result<TempDir> dir = TempDir::create();
  const std::filesystem::path other = dir->path() / "other";
  const std::filesystem::path path = dir->path() / "console.log";
  ASSERT_TRUE(write_file(other, "not ours"));
  std::filesystem::create_hard_link(other, path);
  ConsoleLog::open(path)->append("one");
  EXPECT_EQ(*read_file(path, 10), "one");
  EXPECT_EQ(*read_file(other, 10), "not ours");
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  ConsoleLog::open(path)->append("two");
  EXPECT_EQ(*read_file(path, 10), "two");
}

TEST(ConsoleLog, a_file_that_cannot_be_made_is_an_error_that_names_it) {
  EXPECT_EQ(ConsoleLog::open("/no/such/folder/log").error().message,
            "console log '/no/such/folder/log': No such file or directory");
}

}  // namespace
}  // namespace bpfmatrix
