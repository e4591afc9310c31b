// For tests: the built program, run as a person would.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/child_process.h"

namespace bpfmatrix {

struct Said {
  int exit_code = -1;
  std::string out{};
  std::string err{};
};

inline Said bpfmatrix_says(std::vector<std::string> arguments,
                           std::chrono::seconds timeout = std::chrono::seconds(60),
                           std::vector<std::pair<std::string, std::string>> environment = {}) {
  arguments.insert(arguments.begin(), BPFMATRIX_BINARY_DIR "/bin/bpfmatrix");
  // No test adds to the history of who runs it, unless it says so: the last of a name counts.
  environment.insert(environment.begin(), {"BPFMATRIX_HISTORY", ""});
  const auto ran =
      run_command({.argv = std::move(arguments), .environment = std::move(environment)}, timeout);
  EXPECT_TRUE(ran) << ran.error().message;
  if (!ran) return {};
  return {ran->status.code.value_or(-1), ran->out, ran->err};
}

}  // namespace bpfmatrix
