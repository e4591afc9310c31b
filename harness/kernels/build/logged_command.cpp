#include "kernels/build/logged_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include "base/child_process.h"
#include "base/deadline.h"
#include "base/fd.h"

namespace bpfmatrix {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxLogLineBytes = 64 << 10;
constexpr std::size_t kShownLines = 8;
constexpr std::chrono::seconds kGrace{5};

bool looks_like_an_error(std::string_view line) {
  return line.find("error") != std::string_view::npos ||
         line.find("*** ") != std::string_view::npos ||
         line.find("ERROR") != std::string_view::npos ||
         line.find("undefined reference") != std::string_view::npos;
}

/// The output: into the log as it comes, to the listener line by line.
class Output {
 public:
  Output(const Fd& log, const LineSink& on_line) : log_(log), on_line_(on_line) {}

  /// The log has the command above its output.
  void begin(const std::vector<std::string>& argv) { write_log("$ " + shell_quote(argv) + "\n"); }

  bool take(std::string_view bytes) {
    if (!write_log(bytes)) return false;
    for (const char c : bytes) {
      if (c == '\n') {
        end_line();
      } else if (line_.size() < kMaxLogLineBytes) {
        line_ += c;
      }
    }
    return true;
  }

  /// The last lines that look like an error, or else the very last ones.
  std::string trouble() const {
    const std::deque<std::string>& lines = errors_.empty() ? last_ : errors_;
    std::string text;
    for (const std::string& line : lines) text += "\n  " + line;
    return text;
  }

 private:
  bool write_log(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::write(log_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void end_line() {
    if (on_line_) on_line_(line_);
    keep(last_);
    if (looks_like_an_error(line_)) keep(errors_);
    line_.clear();
  }

  void keep(std::deque<std::string>& lines) const {
    lines.push_back(line_);
    if (lines.size() > kShownLines) lines.pop_front();
  }

  const Fd& log_;
  const LineSink& on_line_;
  std::string line_{};
  std::deque<std::string> last_{};
  std::deque<std::string> errors_{};
};

/// Until the other end is closed. Error: the log cannot be written, or the time is over.
Result<> drain(const Fd& from, Output& output, Clock::time_point deadline) {
  std::array<char, 65536> block{};
  for (;;) {
    pollfd wait{from.get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, milliseconds_until(deadline));
    if (ready == 0) return Error{"did not end in time"};
    if (ready < 0) continue;
    const ssize_t n = ::read(from.get(), block.data(), block.size());
    if (n == 0) return {};
    if (n < 0) continue;
    if (!output.take({block.data(), static_cast<std::size_t>(n)})) {
      return Error{fmt::format("log: {}", ::strerror(errno))};
    }
  }
}

}  // namespace

Result<> run_logged(const std::vector<std::string>& argv, const std::filesystem::path& log,
                    const LineSink& on_line, std::chrono::seconds timeout) {
  const auto named = [&](std::string_view problem) {
    return Error{fmt::format("'{}': {}", argv.front(), problem),
                 fmt::format("the whole log: {}", log.string())};
  };
  const Fd file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  int ends[2];
  if (!file.valid() || ::pipe2(ends, O_CLOEXEC) != 0) return named(::strerror(errno));
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  Output output(file, on_line);
  output.begin(argv);
  Result<ChildProcess> child =
      ChildProcess::start({.argv = argv,
                           .fds = {{1, write_end.get()}, {2, write_end.get()}},
                           .environment = {{"LC_ALL", "C"}}});
  if (!child) return std::move(child).error();
  write_end.reset();
  if (Result<> drained = drain(read_end, output, Clock::now() + timeout); !drained) {
    child->stop(kGrace);
    return named(drained.error().message);
  }
  const auto status = child->wait(kGrace);
  if (!status) return named("closed its output and did not end");
  if (status->success()) return {};
  return named(to_string(*status) + output.trouble());
}

}  // namespace bpfmatrix
