#include "run/cache/build_id.h"

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>

#include "base/child_process.h"
#include "base/sha256.h"

namespace bpfmatrix {
namespace {

TEST(BuildId, is_that_of_the_program_that_runs) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto said = run_command({.argv = {"readelf", "-n", self}}, std::chrono::seconds(10));
  ASSERT_TRUE(said) << said.error().message;
  constexpr std::string_view kMark = "Build ID: ";
  const std::size_t at = said->out.find(kMark);
  ASSERT_NE(at, std::string::npos) << said->out;
  std::string bytes;
  for (std::size_t i = at + kMark.size(); std::isxdigit(said->out[i]) != 0; i += 2) {
    bytes += static_cast<char>(std::stoi(said->out.substr(i, 2), nullptr, 16));
  }
  EXPECT_EQ(*build_hash(), sha256_hex(bytes));
}

}  // namespace
}  // namespace bpfmatrix
