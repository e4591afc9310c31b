#include "elf/testing/bpf_compiler.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/child_process.h"
#include "base/file.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxOutput = 256 << 20;

TempDir scratch() {
  Result<TempDir> created = TempDir::create("bpfmatrix-elf-test-");
  if (!created) throw std::runtime_error(created.error().message);
  return *std::move(created);
}

}  // namespace

BpfCompiler::BpfCompiler() : directory_(scratch()) {}

fs::path BpfCompiler::object(const std::string& name, std::vector<std::string> flags) {
  fs::path out = directory() / (name + ".o");
  std::vector<std::string> argv{"clang", "-target", "bpf", "-O2", "-I" + directory().string()};
  argv.insert(argv.end(), flags.begin(), flags.end());
  argv.insert(argv.end(), {"-c", testdata(name + ".bpf.c").string(), "-o", out.string()});
  run(argv);
  return out;
}

fs::path BpfCompiler::write(const std::string& name, std::string_view bytes) {
  fs::path path = directory() / name;
  const Result<> written = write_file(path, bytes);
  EXPECT_TRUE(written) << written.error().message;
  return path;
}

std::string BpfCompiler::run(const std::vector<std::string>& argv) {
  const Result<CommandOutput> ran =
      run_command({.argv = argv}, std::chrono::seconds(60), kMaxOutput);
  if (!ran) {
    ADD_FAILURE() << ran.error().message;
    return "";
  }
  EXPECT_TRUE(ran->status.success()) << shell_quote(argv) << "\n" << ran->err;
  return ran->out;
}

fs::path testdata(const std::string& name) {
  return fs::path(BPFMATRIX_SOURCE_DIR) / "harness/elf/testdata" / name;
}

std::string bytes_of(const fs::path& path) {
  const Result<std::string> bytes = read_file(path, kMaxOutput);
  EXPECT_TRUE(bytes) << (bytes ? "" : bytes.error().message);
  return bytes ? *bytes : "";
}

}  // namespace bpfmatrix
