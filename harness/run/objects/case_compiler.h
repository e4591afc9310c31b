// Turns a case's *.bpf.c into a BPF object, once: the result is kept by the hash of all that went
// in.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace bpfmatrix {

struct CompileRequest {
  std::filesystem::path source{};
  /// The case's folder: what the source may include beside the headers that all may. Empty: its
  /// own.
  std::filesystem::path folder{};
  Arch arch = Arch::x86_64;
  /// BTF of the kernel whose types the program is written against: vmlinux.h is made from it.
  std::filesystem::path btf{};
  /// Each is one of those a case may give (matrix/compiler_flags.h).
  std::vector<std::string> cflags{};
  /// Headers the suite shares.
  std::filesystem::path include_dir{};
};

class CaseCompiler {
 public:
  /// Keeps objects and headers below `cache_dir`.
  explicit CaseCompiler(std::filesystem::path cache_dir);
  ~CaseCompiler();

  /// The object's path. Takes it that neither clang nor a header changes while this lives. Blocks
  /// while clang runs (at most a minute), with no network and, where the kernel has Landlock, with
  /// no file but these and the system's. Safe from several processes. Error: clang is missing, its
  /// words about the source, or the source includes a file, or says that it has lines of one, that
  /// is not the case's, a shared header or the system's.
  Result<std::filesystem::path> compile(const CompileRequest& request) const;

 private:
  Result<std::filesystem::path> header_dir(const std::filesystem::path& btf) const;

  struct Known;

  std::filesystem::path cache_dir_;
  /// What many cases share is read once.
  std::unique_ptr<Known> known_;
};

}  // namespace bpfmatrix
