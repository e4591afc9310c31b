// What `run` is asked to cover: a matrix or project, and the options that narrow or replace what it
// says.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "matrix/run_spec.h"

namespace bpfmatrix {

/// The command line as it is.
struct RequestOptions {
  std::string matrix{};
  std::vector<std::string> kernels{};
  std::vector<std::string> archs{};
  std::vector<std::string> cases{};
  std::vector<std::string> objects{};
  std::string cflags{};
  std::vector<std::string> apps{};
  std::vector<std::string> app_files{};
  std::vector<std::string> app_env{};
  std::string app_root{};
  std::string app_ready{};
  std::string expect_output{};
  std::vector<std::string> btf{};
  std::vector<std::string> btf_files{};
  std::vector<std::string> loaders{};
  std::string loader_args{};
  /// Set by whoever has parsed the line: empty is not the same as not given.
  const CLI::Option* loader_args_option = nullptr;
  std::vector<std::string> loader_env{};
  std::int64_t app_quiet_ms = LoaderApp().quiet_ms;
  std::int64_t loader_quiet_ms = LoaderApp().quiet_ms;
};

void add_request_options(CLI::App& run, RequestOptions& options);

/// The matrix and the objects; all else of a RunSpec is the caller's. Without a matrix, objects and
/// applications, it is the project of the folder we are in (bpfmatrix.json), else the matrix that
/// comes with bpfmatrix. Error: a file cannot be read, or an option is wrong.
Result<RunSpec> make_request(const RequestOptions& options);

}  // namespace bpfmatrix
