#include "run/case_compiler.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/child_process.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "base/unfinished.h"
#include "elf/vmlinux_h.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSourceBytes = 16 << 20;
constexpr std::chrono::seconds kCompileTimeout{60};
constexpr std::chrono::seconds kVersionTimeout{20};
/// To be raised when clang is called in another way: what was kept before is then compiled anew.
constexpr std::string_view kRecipe = "2";

/// The macro that <bpf/bpf_tracing.h> knows the architecture by.
std::string_view target_arch(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return "x86";
    case Arch::aarch64:
      return "arm64";
  }
  return "";
}

Result<> add_file(Sha256& hash, const fs::path& file) {
  const Result<std::string> text = read_file(file, kMaxSourceBytes);
  if (!text) return text.error();
  hash.update(fmt::format("{} {}\n", file.filename().string(), text->size()));
  hash.update(*text);
  return {};
}

/// Every header in `dir`, in the order of their names; a missing folder has none.
std::vector<fs::path> headers_in(const fs::path& dir) {
  std::vector<fs::path> headers;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(dir, ignored)) {
    if (entry.path().extension() == ".h") headers.push_back(entry.path());
  }
  std::sort(headers.begin(), headers.end());
  return headers;
}

Result<std::string> clang_version() {
  const auto output = run_command({.argv = {"clang", "--version"}}, kVersionTimeout);
  if (!output)
    return Error{output.error().message, "install clang: cases given as C are compiled with it"};
  return output->out;
}

/// A hash over all that decides what comes out.
Result<std::string> key_of(const CompileRequest& request, const std::string& version) {
  Sha256 hash;
  hash.update(kRecipe);
  hash.update(version);
  hash.update(target_arch(request.arch));
  for (const std::string& flag : request.cflags) hash.update(flag + "\n");
  std::vector<fs::path> files = headers_in(request.include_dir);
  for (const fs::path& header : headers_in(request.source.parent_path())) files.push_back(header);
  for (const fs::path& header : headers_in("/usr/include/bpf")) files.push_back(header);
  files.push_back(request.source);
  files.push_back(request.btf);
  for (const fs::path& file : files) {
    if (const Result<> added = add_file(hash, file); !added) return added.error();
  }
  return hash.finish();
}

Command clang_command(const CompileRequest& request, const fs::path& header_dir,
                      const fs::path& output) {
  // Run beside the source: clang looks the lines that it puts into .BTF.ext up by the mapped path.
  const std::string beside = fs::absolute(request.source).parent_path().string();
  Command command{.argv = {"env", "-C", beside, "clang", "-g", "-O2", "-target", "bpf", "-Wall",
                           "-Werror=implicit-function-declaration",
                           fmt::format("-D__TARGET_ARCH_{}", target_arch(request.arch)), "-I",
                           fs::absolute(header_dir).string(), "-I",
                           fs::absolute(request.include_dir).string()}};
  command.argv.insert(command.argv.end(), request.cflags.begin(), request.cflags.end());
  for (const std::string& word : {std::string("-c"), fs::absolute(request.source).string(),
                                  std::string("-o"), fs::absolute(output).string()}) {
    command.argv.push_back(word);
  }
  // Paths would make the object, and so every cell's identity, depend on where the checkout lies.
  command.argv.push_back(fmt::format("-fdebug-prefix-map={}=.", beside));
  command.argv.push_back(fmt::format("-fdebug-prefix-map={}=.", fs::absolute(header_dir).string()));
  return command;
}

}  // namespace

Result<fs::path> CaseCompiler::header_dir(const fs::path& btf) const {
  const Result<std::string> hash = sha256_file(btf);
  if (!hash) return hash.error();
  fs::path dir = cache_dir_ / "headers" / *hash;
  if (fs::exists(dir / "vmlinux.h")) return dir;
  const Result<std::string> header = vmlinux_header(btf);
  if (!header) return wrap("vmlinux.h", header.error());
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) return Error{fmt::format("'{}': {}", dir.string(), error.message())};
  if (const Result<> written = write_file(dir / "vmlinux.h", *header); !written)
    return written.error();
  return dir;
}

Result<fs::path> CaseCompiler::compile(const CompileRequest& request) const {
  const Result<std::string> version = clang_version();
  if (!version) return version.error();
  const Result<std::string> key = key_of(request, *version);
  if (!key) return key.error();
  fs::path object = cache_dir_ / "objects" / (*key + ".o");
  if (fs::exists(object)) return object;

  const Result<fs::path> headers = header_dir(request.btf);
  if (!headers) return headers.error();
  std::error_code error;
  fs::create_directories(object.parent_path(), error);
  const Result<TempDir> scratch =
      TempDir::create(object.parent_path(), std::string(kUnfinishedMark));
  if (!scratch) return scratch.error();
  const fs::path output = scratch->path() / "out.o";
  const auto clang = run_command(clang_command(request, *headers, output), kCompileTimeout);
  if (!clang) return clang.error();
  if (!clang->status.success()) {
    return Error{fmt::format("'{}': clang: {}\n{}", request.source.string(),
                             to_string(clang->status), clang->err)};
  }
  fs::rename(output, object, error);
  if (error) return Error{fmt::format("'{}': {}", object.string(), error.message())};
  return object;
}

}  // namespace bpfmatrix
