// A guest agent without a guest: a Session with it goes as with a real one, without kernel or wait.
//
//     FakeAgent agent;
//     agent.files["/proc/version"] = "Linux 6.1";
//     agent.programs["/loader"] = {says("ready"), awaits_input(), says("done"), exits(0)};
//     Session session(agent);
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "guest/testing/scripted_guest.h"

namespace bpfmatrix {

/// What a program does next.
struct FakeStep {
  enum class What {
    out,          ///< writes `text` to standard output
    err,          ///< writes `text` to standard error
    await_input,  ///< goes on when the host sends more standard input, or its end
    exit,         ///< ends as `exited` says
    die,          ///< takes the machine with it: the channel closes
  };
  What what = What::out;
  std::string text{};
  Exited exited{};
};
/// One line, whose end is added.
FakeStep says(std::string_view line);
FakeStep complains(std::string_view text);
FakeStep awaits_input();
FakeStep exits(std::int64_t code);
FakeStep exits(Exited how);
FakeStep dies();

/// A program that does not end with exit or die hangs: the host's deadline passes.
using FakeProgram = std::vector<FakeStep>;

/// Answers as the agent does: a file that is sent is there to be read, a program that is not there
/// cannot be run, and so on. What it holds may be changed at any time between two calls of the
/// session; what it was asked for it keeps.
class FakeAgent : public ScriptedGuest {
 public:
  explicit FakeAgent(Hello hello = {
                         .agent_version = "0.1.0", .release = "6.1.0", .arch = "x86_64"});

  /// By their path. write() and put_file() change them.
  std::map<std::string, std::string> files{};
  /// By the path in argv[0].
  std::map<std::string, FakeProgram> programs{};
  /// Where set, asked before `programs`; nothing: look there.
  std::function<std::optional<FakeProgram>(const RunRequest&, const std::string& input)> on_run{};
  std::function<Result<Triggered>(const TriggerRequest&)> on_trigger{};
  /// Where set, asked before `files`, and answers itself. False: this file is as any other.
  std::function<bool(FakeAgent&, const std::string& path, const std::string& text)> on_write{};
  /// Absent: it cannot take one.
  std::optional<Inventory> inventory{};
  /// Said when it is refreshed: what a clone is.
  Hello hello{};

  std::vector<RunRequest> runs{};
  std::vector<TriggerRequest> triggers{};
  /// Standard input of the last run.
  std::string input{};
  /// Path and text.
  std::vector<std::pair<std::string, std::string>> writes{};
  std::vector<Park> parks{};
  bool shut_down = false;

 private:
  void handle(const Frame& frame);
  void handle_chunk(std::string_view bytes);
  void finish_upload();
  void handle_read(const ReadFile& request);
  void handle_run(const RunRequest& request, const std::string& text);
  void handle_input(const std::string& text);
  void handle_write(const std::string& path, const std::string& text);
  /// Up to where the program waits, or its end.
  void go_on();
  void fail(const std::string& path, std::string_view why);

  std::optional<PutFile> upload_{};
  std::string uploaded_{};
  FakeProgram running_{};
  std::size_t step_ = 0;
};

}  // namespace bpfmatrix
