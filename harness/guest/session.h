// The host's end of the talk with one guest agent. Blocking, one thread; every call takes a
// deadline. A call that fails leaves the session in one of three states, which say why:
//
//     ready   the agent answered that it could not do it; the session goes on
//     hung    the deadline passed; what comes later cannot be distinguished from an answer, so the
//             session is over
//     lost    the channel closed, or what came was no protocol; the session is over
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/words.h"
#include "guest/messages.h"
#include "guest/protocol.h"
#include "vm/channel.h"

namespace bpfmatrix {

enum class SessionState { unopened, ready, hung, lost };
inline constexpr Word<SessionState> kSessionStateWords[] = {
    {SessionState::unopened, "unopened", "the agent has not been heard yet"},
    {SessionState::ready, "ready", "it answers"},
    {SessionState::hung, "hung", "a deadline passed without an answer"},
    {SessionState::lost, "lost", "the channel closed, or what came was no protocol"},
};
constexpr const auto& words_of(SessionState) { return kSessionStateWords; }

/// A line longer than this is dropped and counted in Exited::dropped_out_bytes. The loader contract
/// allows half of it.
inline constexpr std::size_t kMaxLineBytes = 1 << 20;

/// Called from within Session::run. They may call input(), write() and trigger() of that session.
struct RunEvents {
  /// Each line of standard output, without its end. The last one may lack it.
  std::function<void(std::string_view line)> on_out_line{};
  /// Standard error, in whatever pieces it comes.
  std::function<void(std::string_view bytes)> on_err{};
};

class Session {
 public:
  /// The channel must outlive the session. A guest that sends more than `max_run_bytes` in one run
  /// is lost: the default is the agent's own limits and some room, no honest agent's output.
  explicit Session(Channel& channel,
                   std::uint64_t max_run_bytes = kMaxOutBytes + kMaxErrBytes + kMaxFrameBytes)
      : channel_(channel), max_run_bytes_(max_run_bytes) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Waits for the agent's hello. Error: another protocol version, garbage, silence.
  Result<> open(Clock::time_point deadline);
  SessionState state() const { return state_; }
  /// Meaningful once open() succeeded.
  const Hello& hello() const { return hello_; }

  /// Puts a file below kGuestDirectory; what the guest stored is checked against what was sent.
  Result<> put_file(std::string_view path, std::string_view bytes, int mode,
                    Clock::time_point deadline);
  /// The same without waiting for it: the next call that waits for the guest looks at what was
  /// stored, and the session is lost if that is not what was sent.
  Result<> post_file(std::string_view path, std::string_view bytes, int mode,
                     Clock::time_point deadline);
  /// Waits for what the guest says of all files that were posted. Error: one is not what was sent.
  Result<> take_stored(Clock::time_point deadline);
  /// The bytes of any file of the guest, procfs and sysfs included. Error: it is missing, or larger
  /// than `max_bytes`.
  Result<std::string> read_file(std::string_view path, std::uint64_t max_bytes,
                                Clock::time_point deadline);
  /// Runs a program with `input` on its standard input and hands over its output while it runs.
  /// That the program fails, or is killed by the agent at `run.deadline_ms`, is no error here.
  /// `deadline` is for the guest as a whole and should be later.
  Result<Exited> run(const RunRequest& run, std::string_view input, const RunEvents& events,
                     Clock::time_point deadline);
  /// More standard input for the program that runs, and the end of it if `last`.
  Result<> input(std::string_view text, bool last, Clock::time_point deadline);
  /// Writes to a file that is there, "c" to /proc/sysrq-trigger say; also while a program runs.
  Result<> write(std::string_view path, std::string_view text, Clock::time_point deadline);
  /// Makes the standard system calls in a process of their own, also while a program runs, and
  /// returns what was done and the truth about it. That a call was refused is no error.
  Result<Triggered> trigger(const TriggerRequest& request, Clock::time_point deadline);
  /// What of BPF the kernel holds, while a program runs: asked by the agent, not by that program.
  Result<Inventory> inventory(Clock::time_point deadline);
  /// Ends this talk and leaves the agent waiting for `refresh`, from whoever has the channel then:
  /// in a machine that is frozen now, the host of each clone. The session is unopened again.
  Result<> park(const Park& how, Clock::time_point deadline);
  /// To a parked agent, before open().
  Result<> refresh(const Refresh& now, Clock::time_point deadline);
  /// Asks the guest to power itself off; returns when the agent has agreed.
  Result<> shutdown(Clock::time_point deadline);

 private:
  /// A file on its way, by what the guest has to say of it.
  struct Posted {
    std::string path{};
    Stored stored{};
  };

  Result<> usable() const;
  Result<> send(const Frame& frame, Clock::time_point deadline);
  Result<> transmit(const Frame& frame, Clock::time_point deadline);
  Result<Frame> receive(Clock::time_point deadline);
  /// receive(), but for what is said of files on their way: the guest answers in order.
  Result<Frame> receive_after_posted(Clock::time_point deadline);
  Result<> check_stored(const Posted& posted, const Frame& frame);
  Result<> take_next_stored(const Frame& frame);
  /// The next frame that is no output of the running program; output is kept for run().
  Result<Frame> reply(Clock::time_point deadline);
  Result<Frame> unless_failed(Frame frame);
  template <typename Message>
  Result<Message> read(const Frame& frame);
  Result<> done(Clock::time_point deadline);
  Result<std::string> end_of_file(const Frame& frame, std::string_view path, std::string bytes);
  Result<Exited> follow(const RunEvents& events, Clock::time_point deadline);
  Result<Frame> next_of_run(Clock::time_point deadline);
  /// These end the session and say why.
  Error lose(Error error);
  Error hang(std::string_view what);

  Channel& channel_;
  std::uint64_t max_run_bytes_;
  Encoder encoder_{};
  Decoder decoder_{};
  SessionState state_ = SessionState::unopened;
  Hello hello_{};
  bool running_ = false;
  std::deque<Posted> posted_{};
  std::deque<Frame> kept_{};
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace bpfmatrix
