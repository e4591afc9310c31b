// For tests: what a full disk does to a write, for this process and those it starts from now on.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

namespace bpfmatrix {

/// No file can be made larger than this. The signal that comes with it is ignored, as main() does.
inline void let_files_grow_to(rlim_t bytes) {
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
}

}  // namespace bpfmatrix
