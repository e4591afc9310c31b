// Whether a source that was compiled took only what a case may take: nothing of the rest of this
// machine's files may get into an object, or into an error.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bpfmatrix {

/// What to do about a file that a case may not include.
inline constexpr std::string_view kIncludeHint =
    "a case may include files of its own folder, the headers that cases share, vmlinux.h and the "
    "system's headers";

/// The files that clang has opened for a source, a path per line as it writes them with
/// CC_PRINT_HEADERS; relative ones are seen from `directory`. Error: one lies in none of `folders`,
/// links followed.
Result<> check_includes(std::string_view opened, const std::filesystem::path& directory,
                        const std::vector<std::filesystem::path>& folders);

/// The files that an object's line information names: clang copies their lines into .BTF.ext, and a
/// source can name any (#line). An object without such information, or not an object, names none.
/// Error: as above.
Result<> check_line_files(std::string object, const std::filesystem::path& directory,
                          const std::vector<std::filesystem::path>& folders);

}  // namespace bpfmatrix
