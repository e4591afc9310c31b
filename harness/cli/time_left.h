// How long a run still takes: by what its cells took in earlier runs, and by how this one goes.
// Pure: the time is an argument.
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace bpfmatrix {

class TimeLeft {
 public:
  using Time = std::chrono::milliseconds;

  void set_jobs(int jobs) { jobs_ = jobs; }
  /// A cell that is to be run, and what it is expected to take.
  void add(const std::string& cell, Time expected);
  /// `ran`: it took a VM, and so time.
  void finished(const std::string& cell, bool ran);
  /// `spent`: since the first cell was begun.
  Time after(Time spent) const;

 private:
  int jobs_ = 1;
  std::map<std::string, Time> left_{};
  Time left_sum_{};
  Time done_sum_{};
};

}  // namespace bpfmatrix
