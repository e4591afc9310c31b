#include "base/lines.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/gzip.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

class Lines : public ::testing::Test {
 protected:
  /// "1:first 2:second", or the error without the folder.
  std::string read(std::string_view bytes, const LineLimits& limits = {}) {
    EXPECT_TRUE(write_file(file_, bytes));
    std::string seen;
    const Result<> done = read_lines(file_, limits, [&](std::string_view line, std::size_t number) {
      seen += std::to_string(number) + ":" + std::string(line) + " ";
      return Result<>();
    });
    if (done) return seen;
    std::string message = done.error().message;
    return message.replace(message.find(file_.string()), file_.string().size(), "FILE");
  }

  Result<TempDir> dir_ = TempDir::create();
  std::filesystem::path file_ = dir_->path() / "lines";
};

TEST_F(Lines, are_given_out_one_by_one_packed_or_not) {
  for (const bool packed : {false, true}) {
    const auto text = [&](const std::string& plain) { return packed ? gzip(plain) : plain; };
    EXPECT_EQ(read(text("")), "");
    EXPECT_EQ(read(text("a\n\nb\n")), "1:a 2: 3:b ");
    EXPECT_EQ(read(text("a\nno end")), "1:a ");
    const std::string large(200'000, 'x');
    EXPECT_EQ(read(text(large + "\n")), "1:" + large + " ");
  }
}

TEST_F(Lines, one_without_end_is_an_error_before_it_fills_the_memory) {
  const LineLimits limits{.line_bytes = 100'000, .file_bytes = 1 << 30};
  const std::string error = "'FILE:2': a line of more than 100000 bytes";
  EXPECT_EQ(read("a\n" + std::string(100'001, 'x'), limits), error);
  EXPECT_EQ(read(gzip("a\n" + std::string(1 << 24, 'x') + "\n"), limits), error);
  EXPECT_EQ(read(std::string(100'000, 'x') + "\n", limits).size(), 100'003U);
}

TEST_F(Lines, the_whole_text_is_bounded_too) {
  const LineLimits limits{.line_bytes = 10, .file_bytes = 1000};
  const std::string many(2000, '\n');
  EXPECT_EQ(read(many, limits), "'FILE': larger than the limit of 1000 bytes");
  EXPECT_EQ(read(gzip(many), limits), "'FILE': more than 1000 bytes");
}

TEST_F(Lines, what_is_no_regular_file_or_damaged_is_an_error) {
  std::string broken = gzip("a text that is long enough to be damaged\n");
  broken[15] = static_cast<char>(~broken[15]);
  EXPECT_EQ(read(broken), "'FILE': damaged");
  std::filesystem::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const auto none = [](std::string_view, std::size_t) { return Result<>(); };
  EXPECT_EQ(read_lines(file_, {}, none).error().message,
            "'" + file_.string() + "': not a regular file");
}

TEST_F(Lines, an_error_of_the_taker_ends_the_reading) {
  ASSERT_TRUE(write_file(file_, "a\nb\n"));
  std::size_t taken = 0;
  const Result<> done = read_lines(file_, {}, [&](std::string_view, std::size_t) -> Result<> {
    ++taken;
    return Error{"enough"};
  });
  EXPECT_EQ(done.error().message, "enough");
  EXPECT_EQ(taken, 1U);
}

}  // namespace
}  // namespace bpfmatrix
