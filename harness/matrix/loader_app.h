// A loader that is a static program and knows nothing of us, most often the user's own, run in the
// guest as a user would run it (guest/loader_contract.md, "An app that knows nothing of us").
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json_fields.h"
#include "base/result.h"

namespace bpfmatrix {

/// A file of the host that an application finds in the guest.
struct GuestFile {
  std::string path{};
  /// Where it finds it: an absolute path.
  std::string guest_path{};
};

/// Of one that is tried for its own sake, with whatever programs it brings (`run --app`). Judged as
/// its author would: it comes up, what it chooses to load is loaded and attached, and what it says
/// is right.
struct OwnObject {
  std::vector<GuestFile> files{};
  /// Regular expressions (RE2) over what it writes. It has come up once a line matches `ready`;
  /// empty: when it is quiet. All of it must match `output` somewhere; empty: anything will do.
  std::string ready{};
  std::string output{};
  /// The root file system that it is given: a folder of the host, in which "{arch}" is filled in,
  /// or "deb:[SUITE/]PACKAGE[,PACKAGE...]". LoaderApp::path is in it then, or the name of a program
  /// in its usual folders. Nothing: the program is a file of the host.
  std::optional<std::string> root{};
};

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
  /// Absent: its object is handed to it.
  std::optional<OwnObject> own_object{};
};

/// With which OwnObject::root begins where it is packages.
inline constexpr std::string_view kDebRoot = "deb:";

/// A loader is an app when it is given by a path; others are names.
bool is_app(std::string_view loader);
/// Error: the path has no file name that could be part of a cell's id.
Result<LoaderApp> app_of_path(const std::string& path);
/// Words as a shell makes them of a line: blanks between them, '...' and "..." around blanks,
/// \ before a character that means itself. Nothing is expanded. Error: a quote is not closed.
Result<std::vector<std::string>> shell_words(std::string_view line);
/// Of `--app`: the program and its arguments. Error: no program, or as of the two above.
Result<LoaderApp> app_of_line(const std::string& line);
/// Whether it has a root file system of its own.
bool has_root(const LoaderApp& app);
/// "PATH:GUESTPATH", or "PATH" for "/app/NAME". Error: the guest's path is no absolute one.
Result<GuestFile> parse_guest_file(std::string_view text);
/// `path` on an architecture: "{arch}" in it is filled in.
std::string path_on(std::string path, Arch arch);
/// `text` with each `{key}` of `values` replaced.
std::string fill_in(std::string text, const std::map<std::string, std::string>& values);

void fields(auto& field, Of<GuestFile> auto& f) {
  field("path", f.path, "of the host");
  field("guest_path", f.guest_path, "where the application finds it");
}

void fields(auto& field, Of<OwnObject> auto& o) {
  field("files", o.files, "what it finds in the guest");
  field("ready", o.ready, "it has come up once a line of its output matches; empty: it is quiet");
  field("output", o.output, "what its output must match; empty: anything");
  field(
      "root", left_out_if_none(o.root),
      "its root file system: a folder of the host, or deb:[SUITE/]PACKAGE,...; its path is in it");
}

void fields(auto& field, Of<LoaderApp> auto& a) {
  field("name", checked<is_valid_id>(a.name, "no valid name"), "by which cells call it");
  field("path", a.path, "its file; {arch} becomes the kernel's architecture");
  field("arguments", a.arguments, "{object} and {btf} become paths in the guest");
  field("environment", a.environment, "beside what every loader has");
  field("quiet_ms", a.quiet_ms,
        "it counts as set up when it has asked nothing more of the kernel for so long, "
        "milliseconds of guest time");
  field("own_object", left_out_if_none(a.own_object),
        "it is tried for its own sake, with the programs that it brings");
}

}  // namespace bpfmatrix
