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

void print(std::string_view label, std::string_view colour, std::string_view text) {
  const bool painted = wants_colour(STDERR_FILENO);
  std::fprintf(stderr, "%s%.*s:%s %.*s\n", painted ? colour.data() : "",
               static_cast<int>(label.size()), label.data(), painted ? "\033[0m" : "",
               static_cast<int>(text.size()), text.data());
}

}  // namespace

void say_error(const Error& error) {
  print("error", "\033[1;31m", error.message);
  if (!error.hint.empty()) print("hint", "\033[1;36m", error.hint);
}

void say(std::string_view text) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

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
