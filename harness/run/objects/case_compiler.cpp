#include "run/objects/case_compiler.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/child_process.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "base/unfinished.h"
#include "elf/vmlinux_h.h"
#include "run/objects/include_check.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kCompileTimeout{60};
constexpr std::chrono::seconds kVersionTimeout{20};
constexpr std::size_t kMaxWordsOfClang = 1 << 20;
/// What a case says of itself is not compiled.
constexpr std::string_view kCaseFile = "case.json";
/// What of clang's words an error quotes.
constexpr std::size_t kMaxQuotedWords = 16 << 10;
constexpr std::uint64_t kMaxInputBytes = 64 << 20;
/// To be raised when clang is called in another way: what was kept before is then compiled anew.
constexpr std::string_view kCompileRecipe = "5";

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

fs::path folder_of(const CompileRequest& request) {
  return request.folder.empty() ? request.source.parent_path() : request.folder;
}

/// Where a source lies, and clang is run: it looks the lines that it puts into .BTF.ext up by the
/// mapped path.
fs::path beside(const CompileRequest& request) {
  return fs::absolute(request.source).parent_path();
}

/// The folders that its -I name, which are the case's or the project's own (compiler_flags.h).
std::vector<fs::path> include_folders(const CompileRequest& request) {
  std::vector<fs::path> folders;
  for (const std::string& flag : request.cflags) {
    if (!flag.starts_with("-I")) continue;
    folders.push_back((beside(request) / flag.substr(2)).lexically_normal());
  }
  return folders;
}

/// Debian keeps asm/ and others, which <linux/bpf.h> needs, by architecture, where clang does not
/// look for BPF. This machine's will do where the kernel's are not installed.
std::optional<fs::path> multiarch_headers(Arch arch) {
  const fs::path include = "/usr/include";
  const std::string own(arch == Arch::x86_64 ? "x86_64-linux-gnu" : "aarch64-linux-gnu");
  const std::string other(arch == Arch::x86_64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu");
  std::error_code none;
  for (const std::string& name : {own, other}) {
    if (fs::exists(include / name / "asm" / "types.h", none)) return include / name;
  }
  return std::nullopt;
}

enum class Which { headers, all };

/// Files in `dir` and below, in the order of their names; a missing folder has none.
std::vector<fs::path> files_in(const fs::path& dir, Which which) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    const bool any = which == Which::all && it->path().filename() != kCaseFile;
    const bool wanted = any || it->path().extension() == ".h";
    // What is no regular file is an error when it is read; clang would wait for it.
    if (wanted && !it->is_directory(ignored)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> files_of(const CompileRequest& request) {
  // A case's own folder may be included from by any name; a source that lies anywhere has
  // neighbours that are none of its.
  const Which own = request.folder.empty() ? Which::headers : Which::all;
  std::vector<fs::path> files = files_in(request.include_dir, Which::headers);
  for (const fs::path& file : files_in(folder_of(request), own)) files.push_back(file);
  for (const fs::path& folder : include_folders(request)) {
    for (const fs::path& file : files_in(folder, Which::headers)) files.push_back(file);
  }
  for (const fs::path& header : files_in("/usr/include/bpf", Which::headers)) {
    files.push_back(header);
  }
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

/// Where clang's own libraries and headers lie, if not with the system's: beside its real place.
std::vector<fs::path> clang_folders() {
  std::error_code error;
  const auto clang = find_program("clang");
  if (!clang) return {};
  const fs::path place = fs::canonical(*clang, error).parent_path();
  if (error || place.filename() != "bin") return {};
  const fs::path prefix = place.parent_path();
  return {place, prefix / "lib", prefix / "lib64", prefix / "include"};
}

/// All that a source may include.
std::vector<fs::path> readable_folders(const CompileRequest& request, const fs::path& header_dir) {
  std::vector<fs::path> folders{folder_of(request), header_dir, request.include_dir};
  for (const fs::path& folder : include_folders(request)) folders.push_back(folder);
  for (const fs::path& folder : clang_folders()) folders.push_back(folder);
  for (const fs::path& folder : system_folders()) folders.push_back(folder);
  return folders;
}

/// Where clang, run for one source, leaves what it makes.
struct Made {
  fs::path scratch{};
  fs::path object = scratch / "out.o";
  /// The files that it has opened.
  fs::path headers = scratch / "headers";
};

Command clang_command(const CompileRequest& request, const fs::path& header_dir, const Made& made) {
  const std::string directory = beside(request).string();
  Command command{
      .argv = {"clang", "-g", "-O2", "-target", "bpf", "-Wall",
               "-Werror=implicit-function-declaration",
               fmt::format("-D__TARGET_ARCH_{}", target_arch(request.arch)), "-I",
               fs::absolute(header_dir).string(), "-I", fs::absolute(request.include_dir).string()},
      .environment = {{"CC_PRINT_HEADERS", "1"},
                      {"CC_PRINT_HEADERS_FILE", fs::absolute(made.headers).string()},
                      {"CCACHE_DISABLE", "1"},
                      {"TMPDIR", fs::absolute(made.scratch).string()}},
      .directory = directory,
      .confined = Confinement{.readable = readable_folders(request, header_dir),
                              .writable = {made.scratch}}};
  command.argv.insert(command.argv.end(), request.cflags.begin(), request.cflags.end());
  if (const std::optional<fs::path> headers = multiarch_headers(request.arch))
    command.argv.insert(command.argv.end(), {"-idirafter", headers->string()});
  for (const std::string& word : {std::string("-c"), fs::absolute(request.source).string(),
                                  std::string("-o"), fs::absolute(made.object).string()}) {
    command.argv.push_back(word);
  }
  // Paths would make the object, and so every cell's identity, depend on where the checkout lies.
  command.argv.push_back(fmt::format("-fdebug-prefix-map={}=.", directory));
  command.argv.push_back(fmt::format("-fdebug-prefix-map={}=.", fs::absolute(header_dir).string()));
  return command;
}

/// Clang's words, to a bound.
Error failed(const CompileRequest& request, const CommandOutput& clang) {
  std::string words = clang.err.substr(0, kMaxQuotedWords);
  if (words.size() < clang.err.size())
    words += fmt::format("\n({} bytes more)\n", clang.err.size() - words.size());
  // What it says of a header that it is kept from.
  const bool kept_out = words.find("cannot open file") != std::string::npos;
  return Error{
      fmt::format("'{}': clang: {}\n{}", request.source.string(), to_string(clang.status), words),
      kept_out ? std::string(kIncludeHint) : ""};
}

/// Looks at what was opened before clang's words are shown: they quote it.
Result<> check_made(const CompileRequest& request, const fs::path& header_dir, const Made& made,
                    const CommandOutput& clang) {
  const fs::path directory = beside(request);
  const std::vector<fs::path> folders = readable_folders(request, header_dir);
  std::error_code ignored;
  if (fs::exists(made.headers, ignored)) {
    const Result<std::string> opened = read_file(made.headers, kMaxInputBytes);
    if (!opened) return opened.error();
    if (Result<> ok = check_includes(*opened, directory, folders); !ok)
      return file_error(request.source, std::move(ok).error());
  }
  if (!clang.status.success()) return failed(request, clang);
  Result<std::string> object = read_file(made.object, kMaxInputBytes);
  if (!object) return std::move(object).error();
  if (Result<> ok = check_line_files(*std::move(object), directory, folders); !ok)
    return file_error(request.source, std::move(ok).error());
  return {};
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
    return hashes.emplace(file, sha256_file(file, kMaxInputBytes)).first->second;
  }

  /// A hash over all that decides what comes out.
  Result<std::string> key_of(const CompileRequest& request) {
    const Result<std::string>& clang_words = version();
    if (!clang_words) return clang_words;
    Sha256 all;
    all.update(
        fmt::format("{}\n{}\n{}\n", kCompileRecipe, *clang_words, target_arch(request.arch)));
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
  const Made made{.scratch = scratch->path()};
  const auto clang =
      run_command(clang_command(request, *headers, made), kCompileTimeout, kMaxWordsOfClang);
  if (!clang) return file_error(request.source, clang.error());
  if (Result<> ok = check_made(request, *headers, made, *clang); !ok) return std::move(ok).error();
  fs::rename(made.object, object, error);
  if (error) return file_error(object, error);
  return object;
}

}  // namespace bpfmatrix
