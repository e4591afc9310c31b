#include "analysis/testing/good_outcome.h"

namespace bpfmatrix {

Outcome good_outcome() {
  Outcome outcome;
  outcome.kernel.release = "6.1.0-50-cloud-amd64";
  outcome.kernel.arch = "x86_64";
  outcome.kernel.btf_present = true;
  outcome.btf_source = "kernel";
  outcome.loader = "libbpf";
  outcome.end = End::completed;
  outcome.open = kOk;
  outcome.relocate.stage = kOk;
  outcome.maps = {{"events", "ringbuf", kOk}};
  for (const char* name : {"first", "second"}) {
    ProgramOutcome program;
    program.name = name;
    program.load.stage = kOk;
    program.attach.stage = kOk;
    program.run.trigger = "standard";
    outcome.programs.push_back(program);
  }
  return outcome;
}

}  // namespace bpfmatrix
