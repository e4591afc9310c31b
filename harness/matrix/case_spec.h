// One case of the suite: an object, and how to load, attach and trigger it. Read from
// cases/<group>/<id>/case.json; the format is cases/case.schema.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "matrix/btf_source.h"
#include "matrix/expectation.h"
#include "matrix/loader_app.h"
#include "matrix/privileges.h"
#include "matrix/user_space.h"

namespace bpfmatrix {

/// A program's source, compiled once per architecture.
struct SourceObject {
  std::filesystem::path file{};
  /// The case's: all that it may include but for shared headers. Empty: the source's own.
  std::filesystem::path folder{};
};
/// A BPF object that is there already.
struct FileObject {
  std::filesystem::path file{};
  /// What a person calls it, if not by its path.
  std::string shown{};
};
/// A file in a Debian package; "{multiarch}" in `path` becomes the architecture's triplet.
struct DebObject {
  std::string package{};
  std::string suite{};
  std::string path{};
};
/// What an application brings: looked for inside its file. "{arch}" in the path becomes the
/// architecture.
struct BroughtObject {
  std::string app_path{};
  /// OwnObject::root.
  std::optional<std::string> root{};
};
using ObjectSpec = std::variant<SourceObject, FileObject, DebObject, BroughtObject>;

/// `text` is written to the guest's file `path` while the programs are attached.
struct WriteTrigger {
  std::string path{};
  std::string text{};
};

/// What is done beside the standard trigger while the programs are attached.
struct TriggerSpec {
  std::optional<WriteTrigger> write{};
  /// What the trigger's process becomes at its end: a program of the guest and its arguments;
  /// empty: one that ends at once.
  std::vector<std::string> command{};
  /// The host's file that is put into the guest as command[0]; empty: it is there already.
  std::filesystem::path command_file{};
};

/// Values by name, as user space sets them or as the programs of a case must see them.
using NamedValues = std::map<std::string, std::variant<std::int64_t, std::string>, std::less<>>;

struct CaseSpec {
  std::string id{};
  std::string group{};
  /// One sentence: what this case shows.
  std::string shows{};
  ObjectSpec object{};
  std::vector<BtfSource> btf{BtfSource::kernel};
  std::vector<std::string> loaders{"libbpf"};
  std::vector<Arch> archs{kArches.begin(), kArches.end()};
  bool attach = true;
  Privileges privileges{};
  /// Each is one that clang may be given (matrix/compiler_flags.h).
  std::vector<std::string> cflags{};
  /// Sections that are removed from the object before it is loaded.
  std::vector<std::string> strip{};
  UserSpace user{};
  /// Objects and sources of such that are loaded and attached before, and share the kernel with it.
  std::vector<std::filesystem::path> together{};
  /// What is handed over to it where nobody gives another; where its case names some and no BTF
  /// source, that is `embedded`.
  std::vector<BtfFile> btf_files{};
  std::optional<TriggerSpec> trigger{};
  /// What observed values must be, beside what the trigger makes true.
  NamedValues truth{};
  /// What is expected on which kernel; empty: nothing is said.
  std::vector<ExpectationRule> expect{};
};

/// What is expected of it.
Expectations expectations_of(const CaseSpec& spec);

/// Reads <group>/<id>/case.json; files it names are relative to it. Error: file, key and problem.
Result<CaseSpec> read_case(const std::filesystem::path& case_json);

/// For those who want to know everything that is wrong with a file: what else there is, and an
/// error for each bad rule. Empty: read_case takes it.
std::vector<Error> case_errors(const std::filesystem::path& case_json);

/// Every case.json below `dir`, sorted. Error: the folder cannot be read.
Result<std::vector<std::filesystem::path>> case_files(const std::filesystem::path& dir);

/// Every case below `dir`, ordered by group and id. Error: the first bad case, or an id used twice.
Result<std::vector<CaseSpec>> read_suite(const std::filesystem::path& dir);

/// Into `spec`, what a project says of it: the keys of a case.json but for its object. `folder` is
/// the project's, which files are named from. Error: as of read_case.
Result<> apply_settings(const Json& settings, const std::filesystem::path& folder,
                        const std::string& where, CaseSpec& spec);

/// The case that `--object FILE` means: every program in it is loaded, and attached where its
/// section says how, and all of that is expected to work. A source (.c) is compiled first; it may
/// include what lies in its folder.
CaseSpec case_for_object(const std::filesystem::path& file);

/// The case that `--app` means: what the application comes to with the programs that it brings.
CaseSpec case_for_app(const LoaderApp& app);

/// The word a person would use: the source's name, the file, or "PACKAGE:PATH".
std::string to_string(const ObjectSpec& object);

}  // namespace bpfmatrix
