// Serves the host's requests: files in and out, one program at a time. Single-threaded, one poll.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "guest/agent/child.h"
#include "guest/agent/inventory.h"
#include "guest/agent/standby.h"
#include "guest/agent/tools.h"
#include "guest/agent/wire.h"
#include "guest/messages.h"

namespace bpfmatrix::guest {

class Server {
 public:
  /// `notes` are told in hello.
  Server(Wire wire, std::vector<std::string> notes);
  /// Says hello and serves until the host asks for shutdown. Error: the channel is broken.
  Result<> serve();

 private:
  /// A file on its way in. An upload that fails still takes its chunks; `problem` is its answer.
  struct Upload {
    PutFile request{};
    Fd fd{};
    std::int64_t bytes = 0;
    std::uint32_t crc = 0;
    std::string problem{};
    /// Of a link, where it leads.
    std::string target{};
  };
  /// The program that runs.
  struct Running {
    Child child{};
    std::int64_t started_ms = 0;
    std::int64_t deadline_ms = 0;
    std::string input{};
    bool input_ends = false;
    std::uint64_t out_bytes = 0;
    std::uint64_t err_bytes = 0;
    Exited exited{};
    bool reaped = false;
    /// The ids that the kernel gave out are counted at its end, or else where nobody took an
    /// inventory.
    bool always_count_ids = false;
    bool inventory_taken = false;
    /// No other cell may run here.
    bool locked_down = false;
    /// And none will.
    bool last = false;
  };

  Hello hello() const;
  Result<> handle(const Frame& frame);
  Result<> handle_put(const Frame& frame);
  Result<> handle_chunk(const Frame& frame);
  Result<> finish_upload();
  void store_chunk(const std::string& bytes);
  Result<> handle_read(const Frame& frame);
  Result<> handle_run(const Frame& frame);
  Result<> handle_input(const Frame& frame);
  Result<> handle_write(const Frame& frame);
  Result<> handle_trigger(const Frame& frame);
  Result<> handle_take_inventory();
  Result<> handle_park(const Frame& frame);
  Result<> handle_refresh(const Frame& frame);
  Result<> fail(const std::string& message);

  Result<> wait();
  Result<> take_frames();
  void feed_input();
  /// False at the end of the stream.
  Result<bool> pass_on(FrameType type, Fd& fd, std::uint64_t limit, std::uint64_t& total,
                       std::int64_t& dropped);
  Result<> pass_on_all();
  void reap();
  Result<> finish_run();
  /// What the kernel accepted since the last marks, which are set anew.
  void count_accepted(Exited& exited);
  /// After a run: the guest is as it was before.
  Result<> clear_up();

  Wire wire_;
  std::vector<std::string> notes_;
  /// Of the last refresh.
  std::vector<std::string> refresh_notes_{};
  /// What a clone needs first, made before the machine is frozen.
  Fd generator_{};
  std::string next_hello_{};
  Standby standby_{};
  Fd child_signals_{};
  /// As they were before anything ran here; absent in a guest where one program runs.
  std::optional<Tools> tools_{};
  /// From before the program that runs; nothing: not taken, or the kernel refused.
  std::optional<IdMarks> marks_{};
  std::optional<Upload> upload_{};
  std::optional<Running> running_{};
  bool later_modules_loaded_ = false;
  bool parked_ = false;
  bool shut_down_ = false;
};

}  // namespace bpfmatrix::guest
