// What the probe said (guest/probe/report.h), line by line, put together into KernelFacts.
#pragma once

#include <string_view>

#include "outcome/kernel_facts.h"

namespace bpfmatrix {

class ProbeRecord {
 public:
  /// Takes one line of the probe's standard output. Error: it is not what a probe says; the record
  /// as a whole is then worthless.
  Result<> add(std::string_view line);
  /// True once the probe said that it is done: the record is complete.
  bool done() const { return done_; }
  /// Moves what the probe said into `facts`.
  void move_into(KernelFacts& facts);

 private:
  void add_answer(ObjectReader& reader);
  void add_helpers(ObjectReader& reader);

  KernelFacts parts_{};
  std::size_t answers_ = 0;
  bool done_ = false;
};

}  // namespace bpfmatrix
