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
  Arch arch = Arch::x86_64;
  /// BTF of the kernel whose types the program is written against: vmlinux.h is made from it.
  std::filesystem::path btf{};
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
  /// while clang runs (at most a minute). Safe from several processes. Error: clang is missing, or
  /// its words about the source.
  Result<std::filesystem::path> compile(const CompileRequest& request) const;

 private:
  Result<std::filesystem::path> header_dir(const std::filesystem::path& btf) const;

  struct Known;

  std::filesystem::path cache_dir_;
  /// What many cases share is read once.
  std::unique_ptr<Known> known_;
};

}  // namespace bpfmatrix
