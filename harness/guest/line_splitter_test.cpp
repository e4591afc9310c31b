#include "guest/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

struct Lines {
  std::vector<std::string> seen{};
  LineSplitter::OnLine on_line = [this](std::string_view line) { seen.emplace_back(line); };
};

TEST(LineSplitter, cuts_at_newlines_however_the_bytes_arrive) {
  const std::string text = "one\ntwo\n\nfour";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    Lines lines;
    LineSplitter splitter(100);
    for (std::size_t at = 0; at < text.size(); at += step) {
      splitter.feed(std::string_view(text).substr(at, step), lines.on_line);
    }
    splitter.finish(lines.on_line);
    EXPECT_THAT(lines.seen, ElementsAre("one", "two", "", "four")) << step;
    EXPECT_EQ(splitter.dropped_bytes(), 0U);
  }
}

TEST(LineSplitter, drops_a_line_that_is_too_long_and_counts_it) {
  Lines lines;
  LineSplitter splitter(4);
  splitter.feed("1234\n12345\n67\n", lines.on_line);
  splitter.feed("123", lines.on_line);
  splitter.feed("456", lines.on_line);
  splitter.finish(lines.on_line);
  EXPECT_THAT(lines.seen, ElementsAre("1234", "67"));
  EXPECT_EQ(splitter.dropped_bytes(), 11U);
}

TEST(LineSplitter, nobody_needs_to_listen) {
  LineSplitter splitter(4);
  splitter.feed("a\nb", {});
  splitter.finish({});
  EXPECT_EQ(splitter.dropped_bytes(), 0U);
}

}  // namespace
}  // namespace bpfmatrix
