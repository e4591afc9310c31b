#include "run/objects/case_compiler.h"

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

constexpr std::chrono::seconds kCompileTimeout{60};
constexpr std::chrono::seconds kVersionTimeout{20};
/// To be raised when clang is called in another way: what was kept before is then compiled anew.
constexpr std::string_view kRecipe = "3";

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

std::vector<fs::path> files_of(const CompileRequest& request) {
  std::vector<fs::path> files = headers_in(request.include_dir);
  for (const fs::path& header : headers_in(request.source.parent_path())) files.push_back(header);
  for (const fs::path& header : headers_in("/usr/include/bpf")) files.push_back(header);
  files.push_back(request.source);
  files.push_back(request.btf);
  return files;
}

Result<std::string> clang_version() {
  const auto output = run_command({.argv = {"clang", "--version"}}, kVersionTimeout);
  if (!output)
    return Error{output.error().message, "install clang: cases given as C are compiled with it"};
  return output->out;
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

/// Files by their hashes, and clang by its words: each asked for once. Safe from several threads.
struct CaseCompiler::Known {
  std::mutex mutex{};
  std::optional<Result<std::string>> clang{};
  std::map<fs::path, Result<std::string>> hashes{};

  const Result<std::string>& version() {
    const std::lock_guard lock(mutex);
    if (!clang) clang.emplace(clang_version());
    return *clang;
  }
  const Result<std::string>& hash(const fs::path& file) {
    const std::lock_guard lock(mutex);
    const auto known = hashes.find(file);
    if (known != hashes.end()) return known->second;
    return hashes.emplace(file, sha256_file(file)).first->second;
  }

  /// A hash over all that decides what comes out.
  Result<std::string> key_of(const CompileRequest& request) {
    const Result<std::string>& clang_words = version();
    if (!clang_words) return clang_words;
    Sha256 all;
    all.update(fmt::format("{}\n{}\n{}\n", kRecipe, *clang_words, target_arch(request.arch)));
    for (const std::string& flag : request.cflags) all.update(flag + "\n");
    for (const fs::path& file : files_of(request)) {
      const Result<std::string>& content = hash(file);
      if (!content) return content;
      all.update(fmt::format("{} {}\n", file.filename().string(), *content));
    }
    return all.finish();
  }
};

CaseCompiler::CaseCompiler(fs::path cache_dir)
    : cache_dir_(std::move(cache_dir)), known_(std::make_unique<Known>()) {}
CaseCompiler::~CaseCompiler() = default;

Result<fs::path> CaseCompiler::header_dir(const fs::path& btf) const {
  const Result<std::string>& hash = known_->hash(btf);
  if (!hash) return hash.error();
  fs::path dir = cache_dir_ / "headers" / *hash;
  if (fs::exists(dir / "vmlinux.h")) return dir;
  const Result<std::string> header = vmlinux_header(btf);
  if (!header) return wrap("vmlinux.h", header.error());
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) return file_error(dir, error);
  if (const Result<> written = write_file(dir / "vmlinux.h", *header); !written)
    return written.error();
  return dir;
}

Result<fs::path> CaseCompiler::compile(const CompileRequest& request) const {
  const Result<std::string> key = known_->key_of(request);
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
  if (error) return file_error(object, error);
  return object;
}

}  // namespace bpfmatrix
