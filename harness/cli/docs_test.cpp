// The documentation that can go stale: docs/cli.md is what --help prints, links lead somewhere, and
// the README stays one page.
#include <gmock/gmock.h>

#include <filesystem>
#include <sstream>

#include "base/file.h"
#include "base/golden_test_support.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kReadmeBytes = 8192;
constexpr std::string_view kCliHead =
    "# Every command and option\n\n"
    "What `--help` prints. A test compares this page with it; `UPDATE_GOLDEN=1` rewrites the "
    "page.\n";

std::string help_of(const std::vector<std::string>& command) {
  std::vector<std::string> arguments = command;
  arguments.emplace_back("--help");
  const Said said = bpfmatrix_says(arguments);
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  return said.out;
}

/// The names below "Subcommands:".
std::vector<std::string> subcommands(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside && !line.starts_with("  ")) break;
    const std::size_t end = line.find(' ', 2);
    // A description goes on in lines that are indented further.
    if (inside && line[2] != ' ') names.push_back(line.substr(2, end - 2));
    if (line == "Subcommands:") inside = true;
  }
  return names;
}

/// One chapter for `command`, then one for each command below it.
void describe(const std::vector<std::string>& command, std::string& page) {
  const std::string help = help_of(command);
  std::string title = "bpfmatrix";
  for (const std::string& word : command) title += " " + word;
  page += "\n## " + title + "\n\n```\n" + help + "```\n";
  for (const std::string& name : subcommands(help)) {
    std::vector<std::string> below = command;
    below.push_back(name);
    describe(below, page);
  }
}

TEST(Docs, the_page_of_commands_is_what_help_prints) {
  std::string page(kCliHead);
  describe({}, page);
  EXPECT_THAT(page, ::testing::HasSubstr("## bpfmatrix kernels fetch\n"));
  expect_golden(BPFMATRIX_SOURCE_DIR "/docs/cli.md", page);
}

std::vector<fs::path> pages() {
  const fs::path root = BPFMATRIX_SOURCE_DIR;
  std::vector<fs::path> found;
  for (const char* folder : {"", "docs", "harness", "harness/guest", "kernels", "LICENSES"}) {
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      if (entry.path().extension() == ".md") found.push_back(entry.path());
    }
  }
  return found;
}

/// The targets of Markdown links that are files of ours.
std::vector<std::string> links(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
    std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
    target = target.substr(0, target.find('#'));
    if (!target.empty() && target.find("://") == std::string::npos) found.push_back(target);
  }
  return found;
}

TEST(Docs, every_link_leads_to_a_file) {
  int checked = 0;
  for (const fs::path& page : pages()) {
    const Result<std::string> text = read_file(page, 1 << 20);
    ASSERT_TRUE(text) << text.error().message;
    for (const std::string& link : links(*text)) {
      EXPECT_TRUE(fs::exists(page.parent_path() / link)) << page << " links to '" << link << "'";
      ++checked;
    }
  }
  EXPECT_GE(checked, 10);
}

TEST(Docs, the_readme_is_one_page) {
  EXPECT_LE(fs::file_size(BPFMATRIX_SOURCE_DIR "/README.md"), kReadmeBytes);
}

}  // namespace
}  // namespace bpfmatrix
