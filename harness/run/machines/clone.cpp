#include "run/machines/clone.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <ctime>

namespace bpfmatrix {

namespace {

std::string random_bytes() {
  std::string bytes(kRefreshBytes, '\0');
  // Up to 256 bytes come whole or not at all, and a host that is up has them.
  const ssize_t n = ::getrandom(bytes.data(), bytes.size(), 0);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

}  // namespace

Refresh refresh_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return {std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec, random_bytes()};
}

Result<GuestClone> clone_guest(const Template& from, const std::filesystem::path& console_log,
                               Clock::time_point deadline) {
  Result<Vm> vm = from.start(console_log);
  return vm ? clone_guest(from, *std::move(vm), deadline)
            : Result<GuestClone>(std::move(vm).error());
}

Result<GuestClone> clone_guest(const Template& from, Vm started, Clock::time_point deadline) {
  if (Result<> woken = from.wake(started, deadline); !woken) return std::move(woken).error();
  auto session = std::make_unique<Session>(started.channel(from.channel()));
  Result<> answered = session->refresh(refresh_now(), deadline);
  if (answered) {
    const Result<Channel*> spoke = started.connect(deadline);
    answered = spoke ? session->open(deadline) : Result<>(spoke.error());
  }
  if (answered) return GuestClone{std::move(started), std::move(session)};
  const Stop why = Clock::now() < deadline ? Stop::channel_lost : Stop::deadline;
  const VmExit exit = started.stop(why, answered.error().message);
  return Error{fmt::format("clone: {}: {}", to_string(exit.end), exit.reason)};
}

}  // namespace bpfmatrix
