#include "guest/loader/app/app_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>

#include "guest/common/system.h"
#include "guest/loader/app/observed_map.h"
#include "guest/loader/app/sent_load.h"
#include "guest/loader/common/observed.h"
#include "guest/loader/common/report.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kLongestWaitMs = 50;
/// Longer than a call that does something takes, emulated and watched: who is still in it waits.
constexpr std::chrono::milliseconds kLongCall{50};
/// An application that is never seen waiting, or has attached nothing, gets so many times longer.
constexpr std::int64_t kPatience = 10;
/// And one that is never seen idle; there are those that poll without a pause.
constexpr std::int64_t kLongPatience = 100;
constexpr std::int64_t kGraceMs = 3000;
constexpr std::size_t kTailBytes = 2048;
constexpr std::size_t kOutputBlock = 16 << 10;

struct Pipe {
  Fd read{};
  Fd write{};
};

Pipe make_pipe() {
  int fds[2] = {-1, -1};
  (void)!::pipe2(fds, O_CLOEXEC);
  return {Fd(fds[0]), Fd(fds[1])};
}

Fd watch_children() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return Fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

AppRecord::Held held_by_kernel() {
  return {[](std::uint32_t id) { return open_program(id).valid(); },
          [](std::uint32_t id) { return open_map(id).valid(); }};
}

std::string end_words(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

AppRun::AppRun(AppRequest request)
    : request_(std::move(request)),
      record_(request_.programs, request_.maps, held_by_kernel()),
      watcher_(record_, request_.insns),
      signals_(watch_children()) {}

Result<> AppRun::run() {
  if (Result<> started = start(); !started) return started;
  while (tracer_->alive() || !tracer_->status()) {
    wait();
    drain_output();
    tracer_->take_stops();
    look();
    step();
  }
  drain_output();
  say_end();
  return {};
}

Result<> AppRun::start() {
  ::mkdir(kCellCgroup, 0755);
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  if (!in.read.valid() || !out.read.valid()) return Error{"no pipes"};
  ::fcntl(out.read.get(), F_SETFL, O_NONBLOCK);
  if (request_.hold) statistics_.emplace();
  Result<Tracer> tracer = Tracer::start(request_.line, in.read.get(), out.write.get(),
                                        [this](const SystemCall& call) { watcher_.take(call); });
  if (!tracer) return std::move(tracer).error();
  tracer_ = *std::move(tracer);
  started_ms_ = uptime_ms();
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  return {};
}

void AppRun::wait() {
  const bool awaits_up = phase_ == Phase::setting_up && request_.told_ms > 0 && !told_;
  const bool listens = phase_ == Phase::held || awaits_up;
  std::array<pollfd, 3> fds{pollfd{signals_.get(), POLLIN, 0}, pollfd{output_.get(), POLLIN, 0},
                            pollfd{listens ? STDIN_FILENO : -1, POLLIN, 0}};
  ::poll(fds.data(), fds.size(), kLongestWaitMs);
  signalfd_siginfo ignored{};
  while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
  }
  if (fds[2].revents != 0) take_line();
}

/// "up" while it sets up, anything while it is held.
void AppRun::take_line() {
  std::string line;
  std::getline(std::cin, line);
  if (phase_ == Phase::setting_up) {
    told_ = true;
    return;
  }
  say_what_came_of_it();
  end();
}

/// What the application says is its log, and ours.
void AppRun::drain_output() {
  std::string block(kOutputBlock, '\0');
  for (ssize_t n = 0; (n = ::read(output_.get(), block.data(), block.size())) != 0;) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;
    const std::string_view text(block.data(), static_cast<std::size_t>(n));
    std::fwrite(text.data(), 1, text.size(), stderr);
    tail_.append(text);
    if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  }
  output_.reset();
}

/// What only time tells.
void AppRun::look() {
  if (phase_ != Phase::setting_up) return;
  cpu_use_.look(tracer_->processes(), uptime_ms());
  if (tracer_->about_to_end()) {
    record_.promote_others();
  } else {
    record_.promote_lasting(uptime_ms());
  }
}

void AppRun::step() {
  switch (phase_) {
    case Phase::setting_up:
      if (!has_set_up() && !tracer_->about_to_end()) return;
      never_quiet_ = request_.told_ms == 0 && !quiet() && !tracer_->about_to_end();
      if (request_.hold && record_.begun()) return say_ready();
      return end();
    case Phase::held:
      return;
    case Phase::ending:
      return end_more_firmly();
  }
}

bool AppRun::has_set_up() const {
  const std::int64_t waited = uptime_ms() - started_ms_;
  if (request_.told_ms == 0) return quiet() || (record_.begun() && was_busy_for(waited));
  return (told_ && record_.begun()) || waited >= request_.told_ms;
}

bool AppRun::was_busy_for(std::int64_t waited) const {
  return request_.longest_ms != 0 && waited >= request_.longest_ms;
}

/// It has set up something, and nothing more for a while, in which it was not busy either.
bool AppRun::quiet() const {
  if (!record_.begun()) return false;
  const std::int64_t asked_nothing = uptime_ms() - watcher_.last_setup_ms();
  if (asked_nothing >= request_.quiet_ms * kLongPatience) return true;
  const std::int64_t silence = std::min(asked_nothing, uptime_ms() - cpu_use_.last_busy_ms());
  if (silence >= request_.quiet_ms * kPatience) return true;
  return record_.attached() && silence >= request_.quiet_ms && tracer_->all_waiting(kLongCall);
}

void AppRun::say_ready() {
  opened_ = true;
  report_open({});
  record_.report();
  for (const AppRecord::Accepted& program : record_.accepted()) {
    if (open_program(program.id).valid()) report_held(program.name, program.id);
  }
  report_ready();
  phase_ = Phase::held;
}

void AppRun::say_what_came_of_it() {
  if (const auto map = record_.map_id(kObservedMap)) report_observed_map(*map, request_.object);
  for (const AppRecord::Accepted& program : record_.accepted()) {
    const Fd fd = open_program(program.id);
    const std::optional<RunStatistics> ran = statistics_->read(fd.get());
    if (ran) report_ran(program.name, ran->run_cnt, ran->run_time_ns);
  }
}

/// One that is about to end by itself needs no telling.
void AppRun::end() {
  phase_ = Phase::ending;
  stop_sent_ms_ = uptime_ms();
  if (!tracer_->about_to_end()) {
    stop_signal_ = SIGINT;
    tracer_->send(SIGINT);
  }
  tracer_->let_end();
}

void AppRun::end_more_firmly() {
  const std::int64_t since = uptime_ms() - stop_sent_ms_;
  if (since >= 2 * kGraceMs) {
    // Again and again: a process may have been born in the meantime.
    if (stop_signal_ != 0) stop_signal_ = SIGKILL;
    tracer_->kill_all();
  } else if (since >= kGraceMs && stop_signal_ == SIGINT) {
    stop_signal_ = SIGTERM;
    tracer_->send(SIGTERM);
    input_.reset();
  }
}

std::string AppRun::why_nothing_was_loaded() const {
  std::string_view words = tail_;
  while (words.ends_with('\n')) words.remove_suffix(1);
  return fmt::format("the application loaded nothing and ended with {}{}{}",
                     end_words(*tracer_->status()), words.empty() ? "" : ": ", words);
}

void AppRun::say_end() {
  if (!opened_) {
    record_.promote_others();
    const bool begun = record_.begun();
    report_open(begun ? StageReport() : StageReport{true, 0, why_nothing_was_loaded()});
    if (!begun)
      return report_app({*tracer_->status(), stop_signal_, record_.probes(), never_quiet_});
  }
  record_.report();
  report_app({*tracer_->status(), stop_signal_, record_.probes(), never_quiet_});
}

}  // namespace bpfmatrix::guest
