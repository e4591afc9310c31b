#include "matrix/compiler_flags.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "matrix/inner_path.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

/// What -f may be followed by. Not -fdebug-prefix-map: clang reads the lines that it puts into
/// .BTF.ext from the mapped path (llvm/lib/Target/BPF/BTFDebug.cpp, populateFileContent, 14.0).
constexpr std::string_view kFeatures =
    "(no-)?(builtin(-[a-z0-9_]+)?|common|data-sections|function-sections|inline|inline-functions|"
    "jump-tables|merge-all-constants|ms-extensions|optimize-sibling-calls|short-enums|signed-char|"
    "unsigned-char|stack-protector|standalone-debug|strict-aliasing|strict-return|unroll-loops|"
    "slp-vectorize|vectorize|wrapv|delete-null-pointer-checks|asynchronous-unwind-tables)|"
    "freestanding|visibility=[a-z]+|trivial-auto-var-init=(zero|pattern|uninitialized)";

/// The whole word must match. Closed lists where clang has flags beside them that name files:
/// -gsplit-dwarf writes one, -gcc-toolchain reads some, -Wl, hands over to the linker, -mllvm and
/// -mcpu=probe run code.
const RE2& allowed_words() {
  static const RE2 words(
      "-D[A-Za-z_][A-Za-z0-9_]*(\\([A-Za-z0-9_., ]*\\))?(=.*)?"
      "|-U[A-Za-z_][A-Za-z0-9_]*"
      "|-O[0-3sgz]?"
      "|-g([0-3]|dwarf(-[2-5])?|line-tables-only|line-directives-only|(no-)?column-info)?"
      "|-W([A-Za-z#][A-Za-z0-9_#+-]*(=[A-Za-z0-9_+-]+)?)?"
      "|-w"
      "|-std=[a-z0-9+:]+"
      "|-mcpu=(v[0-9]+|generic)"
      "|-mlittle-endian|-mbig-endian"
      "|-emit-llvm"
      "|-f(" +
      std::string(kFeatures) + ")");
  return words;
}

constexpr std::string_view kHint =
    "allowed are -D, -U, -O, -g, -W, -std=, -I with a folder of the case, -mcpu=, -mlittle-endian, "
    "-mbig-endian, -emit-llvm and the -f of docs/runs.md";

Error refused(std::string_view flag, std::string_view why) {
  return Error{fmt::format("'{}' {}", flag, why), std::string(kHint)};
}

/// "-D" "X" is "-DX": what may stand in a word of its own.
bool takes_the_next(std::string_view word) { return word == "-D" || word == "-U" || word == "-I"; }

Result<std::string> include_flag(const std::string& flag, const fs::path& folder,
                                 const fs::path& source_folder) {
  const auto path = inner_path(folder, flag.substr(2));
  std::error_code ignored;
  if (!path || !fs::is_directory(*path, ignored)) {
    return refused(flag, "does not name a folder inside the case's own");
  }
  return "-I" + path->lexically_relative(source_folder).string();
}

bool is_printable(std::string_view word) {
  return std::none_of(word.begin(), word.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

Result<std::string> checked(const std::string& flag, const fs::path& folder,
                            const fs::path& source_folder) {
  if (!is_printable(flag)) return refused("cflags", "hold a control character");
  if (flag.starts_with("-I")) return include_flag(flag, folder, source_folder);
  if (!RE2::FullMatch(flag, allowed_words())) return refused(flag, "is not an allowed flag");
  return flag;
}

}  // namespace

Result<std::vector<std::string>> compiler_flags(const std::vector<std::string>& words,
                                                const fs::path& folder,
                                                const fs::path& source_folder) {
  std::vector<std::string> flags;
  for (auto word = words.begin(); word != words.end(); ++word) {
    std::string flag = *word;
    if (takes_the_next(flag)) {
      if (++word == words.end()) return refused(flag, "has no argument");
      flag += *word;
    }
    Result<std::string> taken = checked(flag, folder, source_folder);
    if (!taken) return std::move(taken).error();
    flags.push_back(*std::move(taken));
  }
  return flags;
}

}  // namespace bpfmatrix
