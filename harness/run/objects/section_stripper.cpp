#include "run/objects/section_stripper.h"

#include <fmt/format.h>

#include "base/child_process.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "base/unfinished.h"

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kTimeout{60};

}  // namespace

Result<fs::path> SectionStripper::strip(const fs::path& object,
                                        const std::vector<std::string>& sections) const {
  const Result<std::string> content = sha256_file(object);
  if (!content) return content.error();
  Sha256 key;
  key.update(*content);
  Command command{.argv = {"llvm-objcopy"}};
  for (const std::string& section : sections) {
    key.update(section + "\n");
    command.argv.push_back("--remove-section=" + section);
  }
  fs::path stripped = cache_dir_ / "stripped" / (key.finish() + ".o");
  if (fs::exists(stripped)) return stripped;

  std::error_code error;
  fs::create_directories(stripped.parent_path(), error);
  const Result<TempDir> scratch =
      TempDir::create(stripped.parent_path(), std::string(kUnfinishedMark));
  if (!scratch) return scratch.error();
  const fs::path output = scratch->path() / "out.o";
  // Absolute: no name of a file is an option, or a file of options (@).
  command.argv.insert(command.argv.end(),
                      {fs::absolute(object).string(), fs::absolute(output).string()});
  command.confined = Confinement{.readable = {object}, .writable = {scratch->path()}};
  const auto ran = run_command(command, kTimeout);
  if (!ran) return Error{ran.error().message, "install llvm: it removes sections of objects"};
  if (!ran->status.success()) {
    return Error{fmt::format("'{}': llvm-objcopy: {}\n{}", object.string(), to_string(ran->status),
                             ran->err)};
  }
  fs::rename(output, stripped, error);
  if (error) return file_error(stripped, error);
  return stripped;
}

}  // namespace bpfmatrix
