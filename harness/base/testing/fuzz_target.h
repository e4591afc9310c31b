// Functions that take any bytes, to be tried with what no person would think of. Each stands in a
// *_fuzz.cpp beside what it tries. ci/fuzz.sh runs each with libFuzzer (libfuzzer_fuzz.cpp); the
// unit tests give each what was once found so (findings_fuzz.cpp).
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/memory_file.h"
#include "base/printable.h"

namespace bpfmatrix {

/// At namespace scope: `const FuzzTarget btf("btf", try_btf);`. Whatever the bytes, the function
/// comes back within a second, takes little memory, and what it requires holds.
class FuzzTarget {
 public:
  using Function = void (*)(std::string_view bytes);
  /// What to begin with, beside the files that ci/fuzz_seeds.py collects.
  using Seeds = std::vector<std::string> (*)();

  FuzzTarget(std::string called, Function function, Seeds first = nullptr)
      : name_(std::move(called)), run_(function), seeds_(first) {
    all().push_back(this);
  }
  FuzzTarget(const FuzzTarget&) = delete;
  FuzzTarget& operator=(const FuzzTarget&) = delete;

  const std::string& name() const { return name_; }
  void run(std::string_view bytes) const { run_(bytes); }
  std::vector<std::string> seeds() const {
    return seeds_ != nullptr ? seeds_() : std::vector<std::string>();
  }

  /// Those of this program.
  static std::vector<const FuzzTarget*>& all() {
    static std::vector<const FuzzTarget*> targets;
    return targets;
  }

 private:
  std::string name_;
  Function run_;
  Seeds seeds_;
};

/// Ends the program unless it holds: a finding.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

inline void require_printable(std::string_view text) {
  require(printable(text, Layout::lines) == text, "what is shown is printable");
}

/// The bytes as a file that has a path, and is in memory only.
class FuzzFile {
 public:
  explicit FuzzFile(std::string_view bytes) {
    Result<Fd> made = make_memory_file("fuzz", bytes);
    require(made.has_value(), "there is memory for the input");
    fd_ = *std::move(made);
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  Fd fd_{};
};

}  // namespace bpfmatrix
