#include "analysis/testing/kernel_logs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "base/file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

Stage stage_of(const std::string& word) {
  if (word == "map") return Stage::map;
  return word == "relocate" ? Stage::relocate : Stage::load;
}

void read_head(const std::string& line, KernelLog& log) {
  std::istringstream words(line);
  std::string mark, result, stage;
  words >> mark >> log.program >> result >> stage >> log.errno_name;
  log.accepted = result == "accepted";
  log.stage = stage_of(stage);
}

void read_kernel(const fs::path& path, std::vector<KernelLog>& logs) {
  const Result<std::string> bytes = read_file(path, 1 << 20);
  ASSERT_TRUE(bytes) << bytes.error().message;
  std::istringstream lines(*bytes);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kMessage = "message: ";
    if (line.starts_with("@@BEGIN")) {
      logs.push_back({.kernel = path.stem().string()});
      read_head(line, logs.back());
    } else if (line.starts_with(kMessage)) {
      logs.back().message += line.substr(kMessage.size()) + "\n";
    } else if (line != "@@END") {
      logs.back().log += line + "\n";
    }
  }
}

}  // namespace

std::vector<KernelLog> kernel_logs() {
  std::vector<KernelLog> logs;
  const fs::path folder = fs::path(BPFMATRIX_SOURCE_DIR) / "harness/analysis/testdata/kernels";
  for (const auto& entry : fs::directory_iterator(folder)) read_kernel(entry.path(), logs);
  EXPECT_EQ(logs.size(), 520U);
  return logs;
}

KernelLog kernel_log(const std::string& kernel, const std::string& program) {
  for (const KernelLog& log : kernel_logs()) {
    if (log.kernel == kernel && log.program == program) return log;
  }
  ADD_FAILURE() << "no log of " << program << " on " << kernel;
  return {};
}

FailureFacts facts_about(const KernelLog& log) {
  FailureFacts facts;
  facts.global_data = log.program == "global_data";
  facts.callbacks = log.program == "bpf_loop_helper";
  if (log.stage == Stage::map) facts.type_known = false;
  if (log.program == "program_too_long") facts.instructions = 6603;
  return facts;
}

Failure failure_of(const KernelLog& log) {
  return {.stage = log.stage,
          .errno_name = log.errno_name,
          .message = log.message,
          .log = log.log,
          .name = "p",
          .facts = facts_about(log)};
}

}  // namespace bpfmatrix
