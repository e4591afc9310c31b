#include "kernels/fetch/machine_clock.h"

#include <fmt/format.h>

#include "kernels/fetch/release_file.h"
#include "kernels/snapshot_time.h"

namespace bpfmatrix {

std::chrono::sys_seconds build_day() {
  return parse_snapshot_time(BPFMATRIX_BUILD_DAY).value_or(std::chrono::sys_seconds());
}

Result<> check_clock(std::chrono::sys_seconds now, std::chrono::sys_seconds built) {
  constexpr std::chrono::hours kDay{24};
  if (now >= built - kDay) return {};
  return Error{
      fmt::format("the clock of this machine says {}, which is before bpfmatrix was built, "
                  "{}: signatures cannot be judged by it",
                  show_time(now), show_time(built)),
      "set the clock (as 'timedatectl' does)"};
}

}  // namespace bpfmatrix
