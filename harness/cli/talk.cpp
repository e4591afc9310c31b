#include "cli/talk.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bpfmatrix {

namespace {

constexpr int kDefaultWidth = 120;
constexpr int kMinWidth = 60;
constexpr int kMaxWidth = 400;

void put(std::FILE* file, std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), file);
}

/// Further lines are indented: none can pass for a line of its own.
std::string as_one_message(std::string_view text) {
  std::string lines = printable(text, Layout::lines);
  for (std::size_t at = lines.find('\n'); at != std::string::npos; at = lines.find('\n', at + 1)) {
    if (lines.substr(at + 1, 1) != " ") lines.insert(at + 1, "  ");
  }
  return lines;
}

void say_labelled(std::string_view label, std::string_view colour, std::string_view text) {
  const bool painted = wants_colour(STDERR_FILENO);
  put(stderr, fmt::format("{}{}:{} {}\n", painted ? colour : "", label, painted ? "\033[0m" : "",
                          as_one_message(text)));
}

}  // namespace

void say_error(const Error& error) {
  say_labelled("error", "\033[1;31m", error.message);
  if (!error.hint.empty()) say_labelled("hint", "\033[1;36m", error.hint);
}

int end_with(const Error& error, ExitCode exit_code) {
  say_error(error);
  return exit_code;
}

void say(std::string_view text) { put(stderr, as_one_message(text) + "\n"); }

void say_drawn(std::string_view text) { put(stderr, text); }
void print_drawn(std::string_view text) { put(stdout, text); }

void print_message(std::string_view text) { put(stdout, as_one_message(text) + "\n"); }

void print_text(std::string_view text) { put(stdout, printable(text, Layout::lines)); }

bool all_was_printed() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

bool wants_colour(int fd) {
  const char* no_colour = ::getenv("NO_COLOR");
  const char* term = ::getenv("TERM");
  const bool dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  return ::isatty(fd) == 1 && !dumb && (no_colour == nullptr || *no_colour == '\0');
}

int terminal_width(int fd) {
  winsize size{};
  int width = 0;
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0) width = size.ws_col;
  const char* columns = ::getenv("COLUMNS");
  if (width == 0 && columns != nullptr) width = std::atoi(columns);
  return width == 0 ? kDefaultWidth : std::clamp(width, kMinWidth, kMaxWidth);
}

}  // namespace bpfmatrix
