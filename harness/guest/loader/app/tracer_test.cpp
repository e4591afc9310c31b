#include "guest/loader/app/tracer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <set>

namespace bpfmatrix::guest {
namespace {

using namespace std::chrono_literals;

/// A shell command under the tracer, and what was seen of it.
class Traced {
 public:
  explicit Traced(const std::string& script)
      : null_(::open("/dev/null", O_RDWR | O_CLOEXEC)),
        tracer_(Tracer::start({{"/bin/sh", "-c", script}, {"PATH=/usr/bin:/bin"}}, null_.get(),
                              null_.get(), [this](const SystemCall& call) { take(call); })) {
    EXPECT_TRUE(tracer_) << tracer_.error().message;
  }
  ~Traced() {
    tracer_->let_end();
    tracer_->kill_all();
    EXPECT_TRUE(until([&] { return !tracer_->alive(); }));
  }

  bool until(const std::function<bool()>& holds) {
    for (const auto end = std::chrono::steady_clock::now() + 20s;
         std::chrono::steady_clock::now() < end; ::usleep(500)) {
      tracer_->take_stops();
      if (holds()) return true;
    }
    return false;
  }

  Tracer& operator*() { return *tracer_; }
  Tracer* operator->() { return &*tracer_; }
  std::vector<std::string> opened{};
  std::set<pid_t> processes{};

 private:
  void take(const SystemCall& call) {
    processes.insert(call.process);
    if (call.number == SYS_openat && call.error() == 0) {
      opened.push_back(call.tracee.read_text(call.arguments[1], 256));
    }
  }

  Fd null_;
  Result<Tracer> tracer_;
};

TEST(Tracer, sees_the_calls_of_children_too_and_the_exit_status) {
  Traced command("(cat /etc/hostname; exit 3); cat /etc/passwd; exit 5");
  command->let_end();
  ASSERT_TRUE(command.until([&] { return !command->alive(); }));
  EXPECT_THAT(command.opened, ::testing::IsSupersetOf({"/etc/hostname", "/etc/passwd"}));
  EXPECT_GE(command.processes.size(), 3U);
  ASSERT_TRUE(command->status());
  EXPECT_EQ(WEXITSTATUS(*command->status()), 5);
}

TEST(Tracer, the_last_process_stands_still_before_it_ends) {
  Traced command("true; exit 4");
  ASSERT_TRUE(command.until([&] { return command->about_to_end(); }));
  EXPECT_TRUE(command->alive());
  EXPECT_FALSE(command->status());
  command->let_end();
  ASSERT_TRUE(command.until([&] { return command->status().has_value(); }));
  EXPECT_EQ(WEXITSTATUS(*command->status()), 4);
}

TEST(Tracer, knows_when_everybody_waits) {
  Traced command("sleep 60");
  EXPECT_TRUE(
      command.until([&] { return command.processes.size() > 0 && command->all_waiting(20ms); }));
}

TEST(Tracer, signals_reach_the_command_as_a_terminal_would_send_them) {
  Traced command("trap 'exit 9' INT; while :; do sleep 0.1; done");
  ASSERT_TRUE(
      command.until([&] { return command.opened.size() > 0 && command->all_waiting(20ms); }));
  command->let_end();
  ASSERT_TRUE(command.until([&] {
    command->send(SIGINT);
    return command->status().has_value();
  }));
  ASSERT_TRUE(WIFEXITED(*command->status()));
  EXPECT_EQ(WEXITSTATUS(*command->status()), 9);
}

TEST(Tracer, a_command_that_stops_itself_can_still_be_killed) {
  Traced command("kill -STOP $$");
  command->let_end();
  ::usleep(100'000);
  command->take_stops();
  command->kill_all();
  ASSERT_TRUE(command.until([&] { return !command->alive(); }));
  EXPECT_EQ(WTERMSIG(*command->status()), SIGKILL);
}

TEST(Tracer, who_is_watched_cannot_signal_who_watches_or_everybody) {
  // Signal 0 only asks whether it could.
  Traced command(
      "kill -0 $PPID && exit 1; kill -0 1 && exit 2; kill -0 -1 && exit 3; kill -0 $$ && exit 9");
  command->let_end();
  ASSERT_TRUE(command.until([&] { return command->status().has_value(); }));
  EXPECT_EQ(WEXITSTATUS(*command->status()), 9) << "itself it can";
}

TEST(Tracer, a_command_that_cannot_be_started_ends_with_127) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto tracer =
      Tracer::start({{"/no/such/program"}, {}}, null.get(), null.get(), [](const SystemCall&) {});
  ASSERT_TRUE(tracer);
  tracer->let_end();
  for (int i = 0; i < 20000 && !tracer->status(); ++i) {
    tracer->take_stops();
    ::usleep(500);
  }
  ASSERT_TRUE(tracer->status());
  EXPECT_EQ(WEXITSTATUS(*tracer->status()), 127);
}

}  // namespace
}  // namespace bpfmatrix::guest
