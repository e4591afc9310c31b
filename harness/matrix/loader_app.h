// A loader that is a static program and knows nothing of us, most often the user's own, run in the
// guest as a user would run it (guest/loader_contract.md, "An app that knows nothing of us").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json_fields.h"
#include "base/result.h"

namespace bpfmatrix {

struct LoaderApp {
  /// By which cells call it: the file's name, without "{arch}".
  std::string name{};
  /// "{arch}" in it becomes the kernel's architecture. For one that comes with us, its name.
  std::string path{};
  /// "{object}" and "{btf}" become paths in the guest.
  std::vector<std::string> arguments{"{object}"};
  std::map<std::string, std::string> environment{};
  /// It counts as set up when it has asked nothing more of the kernel for so long, in guest time.
  std::int64_t quiet_ms = 300;
};

/// A loader is an app when it is given by a path; others are names.
bool is_app(std::string_view loader);
/// Error: the path has no file name that could be part of a cell's id.
Result<LoaderApp> app_of_path(const std::string& path);
std::string path_on(const LoaderApp& app, Arch arch);
/// `text` with each `{key}` of `values` replaced.
std::string fill_in(std::string text, const std::map<std::string, std::string>& values);

void fields(auto& field, Of<LoaderApp> auto& a) {
  field("name", checked<is_valid_id>(a.name, "no valid name"), "by which cells call it");
  field("path", a.path, "its file; {arch} becomes the kernel's architecture");
  field("arguments", a.arguments, "{object} and {btf} become paths in the guest");
  field("environment", a.environment, "beside what every loader has");
  field("quiet_ms", a.quiet_ms,
        "it counts as set up when it has asked nothing more of the kernel for so long, "
        "milliseconds of guest time");
}

}  // namespace bpfmatrix
