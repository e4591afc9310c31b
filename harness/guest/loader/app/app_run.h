// One run of an application from its start to its end: it is let alone until it has set up its
// programs, held while the trigger is pulled, and stopped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "guest/loader/app/app_record.h"
#include "guest/loader/app/call_watcher.h"
#include "guest/loader/app/cpu_use.h"
#include "guest/loader/app/request.h"
#include "guest/loader/app/tracer.h"
#include "guest/loader/common/run_statistics.h"

namespace bpfmatrix::guest {

class AppRun {
 public:
  explicit AppRun(AppRequest request);

  /// Blocks until the application has ended and all of it has been said but `done`. Error: it could
  /// not be run at all.
  Result<> run();

 private:
  enum class Phase {
    setting_up,  ///< until it is quiet, or about to end
    held,        ///< `ready` was said: until the host says that the trigger was pulled
    ending,      ///< being stopped, more and more firmly
  };

  Result<> start();
  void wait();
  void drain_output();
  void look();
  void step();
  bool quiet() const;
  bool was_busy_for(std::int64_t waited) const;
  bool has_set_up() const;
  void take_line();
  void say_ready();
  void say_what_came_of_it();
  void end();
  void end_more_firmly();
  void say_end();
  std::string why_nothing_was_loaded() const;

  AppRequest request_;
  AppRecord record_;
  CallWatcher watcher_;
  std::optional<Tracer> tracer_{};
  CpuUse cpu_use_{};
  std::optional<RunStatisticsSwitch> statistics_{};
  Fd signals_{};
  Fd output_{};
  /// Kept open, so that an application that reads its standard input waits there.
  Fd input_{};
  /// The last of what it wrote.
  std::string tail_{};
  Phase phase_ = Phase::setting_up;
  bool opened_ = false;
  /// The host said that it has come up.
  bool told_ = false;
  /// It was taken to have come up because it was waited for long enough.
  bool never_quiet_ = false;
  std::int64_t started_ms_ = 0;
  std::int64_t stop_sent_ms_ = 0;
  /// The signal it was last stopped with; 0: it ended by itself.
  int stop_signal_ = 0;
};

}  // namespace bpfmatrix::guest
