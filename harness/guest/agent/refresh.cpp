#include "guest/agent/refresh.h"

#include <fcntl.h>
#include <linux/random.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "guest/common/system.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kMaxBytes = 512;

/// struct rand_pool_info, whose last member has no size.
struct PoolInfo {
  int entropy_bits = 0;
  int bytes = 0;
  char buffer[kMaxBytes] = {};
};

void set_clock(std::int64_t unix_ns, std::vector<std::string>& notes) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec now{static_cast<time_t>(unix_ns / kSecond), static_cast<long>(unix_ns % kSecond)};
  if (::clock_settime(CLOCK_REALTIME, &now) != 0) notes.push_back(system_note("clock_settime"));
}

/// Bytes in the pool change nothing by themselves: the generator draws from it again in a minute,
/// or on request (RNDRESEEDCRNG, 4.17).
void stir(std::string_view random, const Fd& device, std::vector<std::string>& notes) {
  PoolInfo info;
  info.bytes = static_cast<int>(std::min<std::size_t>(random.size(), kMaxBytes));
  info.entropy_bits = info.bytes * 8;
  std::memcpy(info.buffer, random.data(), static_cast<std::size_t>(info.bytes));
  if (::ioctl(device.get(), RNDADDENTROPY, &info) != 0) {
    notes.push_back(system_note("RNDADDENTROPY"));
  }
  if (::ioctl(device.get(), RNDRESEEDCRNG) != 0) notes.push_back(system_note("RNDRESEEDCRNG"));
}

}  // namespace

Fd open_generator() { return Fd(::open("/dev/urandom", O_RDWR | O_CLOEXEC)); }

std::vector<std::string> refresh_guest(const Refresh& now, const Fd& generator) {
  std::vector<std::string> notes;
  set_clock(now.unix_ns, notes);
  stir(now.random, generator, notes);
  return notes;
}

}  // namespace bpfmatrix::guest
