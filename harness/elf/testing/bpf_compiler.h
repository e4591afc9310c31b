// For tests: the objects they read are compiled when they run, none is kept.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/temp_dir.h"

namespace bpfmatrix {

/// A directory to make files in, and the tools that make them. A tool that fails fails the test.
class BpfCompiler {
 public:
  BpfCompiler();

  /// Compiles testdata/`name`.bpf.c; `flags` in place of -g.
  std::filesystem::path object(const std::string& name, std::vector<std::string> flags = {"-g"});
  std::filesystem::path write(const std::string& name, std::string_view bytes);
  /// Runs argv in the directory and returns what it printed.
  std::string run(const std::vector<std::string>& argv);
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  TempDir directory_;
};

std::filesystem::path testdata(const std::string& name);
/// The whole file, or a failed test.
std::string bytes_of(const std::filesystem::path& path);

}  // namespace bpfmatrix
