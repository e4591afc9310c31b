// Guests that say again what guests once said: the attempts of a transcript, one after another, in
// place of machines. Nothing boots and nothing waits.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/time_source.h"
#include "cell/transcript.h"
#include "guest/testing/fake_agent.h"
#include "run/machines/guests.h"

namespace bpfmatrix {

/// A guest whose loader says the lines of `attempt`, whose trigger answers as it did, and which
/// ends as it did.
class ReplayGuest : public Guest {
 public:
  explicit ReplayGuest(Attempt attempt);

  Session& session() override { return session_; }
  std::chrono::milliseconds ready_after() const override;
  Accel accel() const override { return Accel::tcg; }
  bool cloned() const override { return attempt_.cloned; }
  std::string console() const override;
  std::uint64_t console_bytes() const override { return 0; }
  std::string console_since(std::uint64_t) const override { return attempt_.console.value_or(""); }
  ExitFacts give_up(const std::string& seen) override;
  void kill() override {}

  FakeAgent& agent() { return agent_; }

 private:
  Attempt attempt_;
  FakeAgent agent_;
  Session session_;
};

class ReplayGuests : public Guests {
 public:
  /// Of one kernel, in the order in which guests are taken.
  explicit ReplayGuests(std::vector<Attempt> attempts)
      : attempts_(attempts.begin(), attempts.end()) {}

  Result<std::string> machine() override { return std::string("replay"); }
  std::optional<VmExit> prepare(const Learn&) override { return no_guests; }
  std::unique_ptr<GuestAhead> start_ahead(Ahead how) override;
  GuestOrExit next(std::unique_ptr<GuestAhead> ahead,
                   const std::filesystem::path& console_log) override;
  GuestOrExit boot(const std::filesystem::path& console_log) override;

  /// What prepare() says.
  std::optional<VmExit> no_guests{};
  /// How many guests were taken as they come, how many were booted, how many machines were started
  /// ahead.
  int taken = 0;
  int booted = 0;
  int ahead = 0;
  /// Of these.
  int rehearsed = 0;

 private:
  GuestOrExit take();

  std::mutex mutex_{};
  std::deque<Attempt> attempts_;
};

/// Time that passes only when it is asked: a second each time.
class ReplayTime : public TimeSource {
 public:
  std::chrono::steady_clock::time_point now() const override;
  std::chrono::sys_days today() const override { return std::chrono::sys_days(day); }

  std::chrono::days day{20000};

 private:
  mutable std::atomic<int> asked_{0};
};

}  // namespace bpfmatrix
