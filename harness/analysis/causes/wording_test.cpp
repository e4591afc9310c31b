// Lines that were read in the kernel's source (testdata/wording.tsv) and judged by reading.
// They are no real logs; those are in kernel_logs_test.cpp and failures_test.cpp.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "analysis/causes/classify.h"
#include "base/file.h"

namespace bpfmatrix {
namespace {

struct Wording {
  std::string cause{};
  std::vector<std::string> errnos{};
  std::string line{};
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<Wording> all_wordings() {
  const auto file =
      std::filesystem::path(BPFMATRIX_SOURCE_DIR) / "harness/analysis/testdata/wording.tsv";
  const Result<std::string> text = read_file(file, 1 << 20);
  EXPECT_TRUE(text) << text.error().message;
  std::vector<Wording> all;
  for (const std::string& line : split(text ? *text : "", '\n')) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> columns = split(line, '\t');
    EXPECT_EQ(columns.size(), 4U) << line;
    if (columns.size() == 4) all.push_back({columns[0], split(columns[1], ' '), columns[2]});
  }
  EXPECT_GE(all.size(), 600U);
  return all;
}

std::string judged_log(const std::string& errno_name, const std::string& log) {
  return std::string(to_string(classify({.errno_name = errno_name, .log = log}).cause));
}

TEST(Wording, of_every_version_has_its_cause) {
  for (const Wording& wording : all_wordings()) {
    for (const std::string& errno_name : wording.errnos) {
      const std::string log = "7: (85) call bpf_map_lookup_elem#1\n" + wording.line +
                              "\nprocessed 8 insns (limit 131072), stack depth 0\n";
      EXPECT_EQ(judged_log(errno_name, log), wording.cause) << errno_name << ": " << wording.line;
    }
  }
}

// A line is matched whole: with anything before or behind it, it is not the same line.
TEST(Wording, is_nothing_with_other_words_around_it) {
  for (const Wording& wording : all_wordings()) {
    const std::string& errno_name = wording.errnos.front();
    const std::string by_errno = judged_log(errno_name, "");
    EXPECT_EQ(judged_log(errno_name, "; " + wording.line), by_errno) << wording.line;
    EXPECT_EQ(judged_log(errno_name, "12: " + wording.line), by_errno) << wording.line;
    EXPECT_EQ(judged_log("EIO", wording.line), "unknown") << wording.line;
  }
}

}  // namespace
}  // namespace bpfmatrix
