// What a run is to cover: kernels x cases x BTF sources x loaders. Read from a matrix file
// (ci/matrices/*.json) or a project (bpfmatrix.json), then narrowed or replaced by the command
// line.
//
//     {"schema": 1, "kernels": ["debian-*-x86_64"],
//      "objects": ["build/*.bpf.o", {"object": "src/net.bpf.c", "cflags": ["-DTRACE"]}],
//      "apps": [{"app": "./agent --once", "output": "started"}],
//      "maps": {"counters": {"max_entries": "cpus"}}}
//
// A project names objects by globs, sources among them, and applications; what a case.json may say
// of its one object (cases/case.schema.json) it says of each by itself, or of all at the top.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "matrix/btf_source.h"
#include "matrix/loader_app.h"

namespace bpfmatrix {

/// What a project says of its objects and applications.
struct Project {
  /// Absolute; empty: there is none, and the command line says it (--cflags).
  std::string file{};
  /// Absolute: what files in `settings` are named from.
  std::string folder{};
  /// By the id of the case: the keys of a case.json but for its object (apply_settings()).
  std::map<std::string, Json> settings{};
};

void fields(auto& field, Of<Project> auto& p) {
  field("file", null_if_empty(p.file), "its own file; null: the command line says what it says");
  field("folder", p.folder, "the project's folder");
  field("settings", p.settings, "what it says of each object and application, by case");
}

struct MatrixSpec {
  /// Ids or globs over the ids of the catalog.
  std::vector<std::string> kernels{};
  /// Ids, globs over ids, or "group/*".
  std::vector<std::string> cases{"*"};
  /// Nothing: what each case says.
  std::optional<std::vector<BtfSource>> btf{};
  std::optional<std::vector<std::string>> loaders{};
  /// The user's own objects, in place of the suite's cases: absolute paths, in a matrix file from
  /// its folder. Empty: the suite.
  std::vector<std::string> objects{};
  /// Those of the loaders that are apps: the project's own, or as the command line gives them.
  std::vector<LoaderApp> apps{};
  /// Not in a matrix file either.
  std::vector<BtfFile> btf_files{};
  std::optional<Project> project{};
  /// A file with what is expected where no rule says it: an absolute path; empty: none is named.
  std::string baseline{};
};

/// Keys that begin with "//" are comments. Error: file, key and problem.
Result<MatrixSpec> read_matrix(const std::filesystem::path& file);

}  // namespace bpfmatrix
