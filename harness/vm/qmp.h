// QEMU's monitor, in its JSON dialect (QMP): commands, an answer to each in their order, and events
// that come when they like.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "vm/channel.h"

namespace bpfmatrix {

/// The text that `object` has under `key`; empty if it has none.
std::string text_at(const Json& object, const char* key);

class Qmp {
 public:
  /// Our end of a connected Unix socket, for only such a one carries descriptors.
  explicit Qmp(Fd socket) : channel_(std::move(socket)) {}

  /// Takes QEMU's greeting and enters command mode. To be called first, and once.
  Result<> open(Clock::time_point deadline);
  /// What the command returned. Error: QEMU reported an error, ended, wrote garbage, or was silent.
  Result<Json> execute(std::string_view command, const Json& arguments, Clock::time_point deadline);
  /// The `data` of the next event of this name that was not read yet; others are skipped.
  Result<Json> event(std::string_view name, Clock::time_point deadline);

  /// The same without waiting, also for a QEMU that is not up yet; it takes one after the other.
  /// The next call that waits takes the answers first, and fails if one of them is an error:
  /// then the rest is of no use. Error: QEMU has ended, or does not listen.
  Result<> post_open();
  Result<> post(std::string_view command, const Json& arguments);
  /// QEMU gets a descriptor of its own, which the next command may call by this name.
  Result<> post_fd(const Fd& fd, std::string_view name);

 private:
  Result<> send(std::string_view command, const Json& arguments, const Fd* fd);
  /// Takes all answers that are due and gives the last.
  Result<Json> settle(Clock::time_point deadline);
  Result<Json> receive(Clock::time_point deadline);
  Result<> greeting(Clock::time_point deadline);
  Result<Json> answer(std::string_view command, Clock::time_point deadline);
  /// Keeps an event for event(); with too many of them the oldest go.
  void keep(Json event);

  FdChannel channel_;
  std::string buffer_{};
  /// Commands whose answers are due.
  std::deque<std::string> asked_{};
  bool greeting_due_ = false;
  std::deque<Json> events_{};
};

}  // namespace bpfmatrix
