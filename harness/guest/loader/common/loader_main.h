// How a loader ends: with 0 once its record is complete, else with 1 and an error on standard
// error.
#pragma once

#include <cstdio>
#include <exception>

#include "base/result.h"

namespace bpfmatrix::guest {

inline int run_loader(Result<> (*run)()) {
  try {
    const Result<> done = run();
    if (done) return 0;
    std::fprintf(stderr, "error: %s\n", done.error().message.c_str());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
  }
  return 1;
}

}  // namespace bpfmatrix::guest
