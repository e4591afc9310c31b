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

/// As roff takes it: no line is a command, no '-' becomes a hyphen.
std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  const bool is_command = escaped.starts_with('.') || escaped.starts_with('\'');
  return is_command ? "\\&" + escaped : escaped;
}

/// What --help says of one command, as a section of the manual page.
class ManualSection {
 public:
  explicit ManualSection(const std::string& help) {
    std::istringstream in(help);
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
  }

  std::string text() {
    std::string page;
    for (; at_ < lines_.size(); ++at_) {
      const std::string& line = lines_[at_];
      if (line.starts_with("Usage: ")) {
        page += ".PP\n.B " + roff(line.substr(7)) + "\n";
      } else if (line == "Positionals:" || line == "Options:" || line == "Subcommands:") {
        page += ".PP\n" + line + "\n";
      } else if (line.starts_with("  ")) {
        page += item();
      } else {
        page += line.empty() ? "" : roff(line) + "\n.br\n";
      }
    }
    return page;
  }

 private:
  /// A name, and what it is: in the same line, or if the name is long in the next.
  std::string item() {
    constexpr std::size_t kColumn = 30;
    const std::string& line = lines_[at_];
    const bool goes_on =
        at_ + 1 < lines_.size() && lines_[at_ + 1].starts_with(std::string(kColumn, ' '));
    const std::size_t end = goes_on ? line.size() : std::min(kColumn, line.size());
    std::string name = line.substr(2, end - 2);
    name.erase(name.find_last_not_of(' ') + 1);
    std::string what = line.size() > end ? line.substr(end) : "";
    if (goes_on) what = lines_[++at_].substr(kColumn);
    return ".TP\n.B " + roff(name) + "\n" + roff(what) + "\n";
  }

  std::vector<std::string> lines_{};
  std::size_t at_ = 0;
};

/// `footer` is what all commands have in common, and stands in a section of its own.
void describe_in_manual(const std::vector<std::string>& command, const std::string& footer,
                        std::string& page) {
  std::string help = help_of(command);
  if (help.ends_with(footer)) help.resize(help.size() - footer.size());
  std::string title = "bpfmatrix";
  for (const std::string& word : command) title += " " + word;
  page += ".SS " + roff(title) + "\n" + ManualSection(help).text();
  for (const std::string& name : subcommands(help)) {
    std::vector<std::string> below = command;
    below.push_back(name);
    describe_in_manual(below, footer, page);
  }
}

TEST(Docs, the_manual_page_is_what_help_prints) {
  const std::string help = help_of({});
  const std::string footer = help.substr(help.find("\nExit codes: "));
  std::string page =
      ".\\\" Made of --help by a test; UPDATE_GOLDEN=1 rewrites it.\n"
      ".TH BPFMATRIX 1\n"
      ".SH NAME\n"
      "bpfmatrix \\- tries BPF objects on real kernels\n"
      ".SH SYNOPSIS\n"
      ".B bpfmatrix\n"
      "COMMAND [OPTIONS]\n"
      ".SH COMMANDS\n";
  describe_in_manual({}, footer, page);
  page += ".SH EXIT STATUS\n" + ManualSection(footer.substr(1)).text();
  page +=
      ".SH ENVIRONMENT\n"
      ".TP\n.B NO_COLOR\nno colours\n"
      ".TP\n.B BPFMATRIX_HISTORY\nthe file of the history; empty: there is none\n"
      ".TP\n.B XDG_CACHE_HOME\nthe store of kernels, templates and earlier results is its folder "
      "bpfmatrix\n";
  EXPECT_THAT(page, ::testing::HasSubstr(".SS bpfmatrix kernels fetch\n"));
  EXPECT_THAT(page, ::testing::HasSubstr("\n.B \\-\\-kernel GLOB ...\nKernel id or glob"));
  EXPECT_THAT(page, ::testing::HasSubstr("\n.B \\-\\-resume DIR Excludes: \\-\\-out\nContinue"));
  expect_golden(BPFMATRIX_SOURCE_DIR "/docs/bpfmatrix.1", page);
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
