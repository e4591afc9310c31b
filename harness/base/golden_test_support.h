// Texts that a test compares whole with a file in testdata/. With UPDATE_GOLDEN=1 in the
// environment the file is written instead, and git shows what became different.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"

namespace bpfmatrix {

inline bool update_golden() {
  const char* wanted = std::getenv("UPDATE_GOLDEN");
  return wanted != nullptr && std::string_view(wanted) == "1";
}

inline void expect_golden(const std::filesystem::path& file, const std::string& text) {
  if (update_golden()) {
    const Result<> written = write_file(file, text);
    ASSERT_TRUE(written) << written.error().message;
  }
  const Result<std::string> golden = read_file(file, 16 << 20);
  ASSERT_TRUE(golden) << golden.error().message;
  EXPECT_EQ(text, *golden)
      << "if this is as it should be: UPDATE_GOLDEN=1, and look at the diff of " << file;
}

}  // namespace bpfmatrix
