// What the user space of a case or of a project does around its object: what it sets before the
// object is loaded, which programs it loads on which kernel, where it attaches them, and what of
// the machine it wants to be so.
//
//     "maps": {"counters": {"max_entries": "cpus"}},
//     "globals": {"debug": true,
//                 "argument": [{"when": "kernel < 5.12", "value": 1}, {"value": 2}],
//                 "old": [{"btf": "param_index(vfs_rename, old_dentry)"}, {"value": 0}]},
//     "autoload": {"fentry__*": "has(fentry)", "kprobe__*": "not has(fentry)", "debug": false},
//     "attach": {"on_unlink": [{"when": "kernel >= 6.18", "function": "filename_unlinkat"},
//                              {"function": "do_unlinkat"}],
//                "tail_called_*": false},
//     "one_of": [["fentry__open", "kprobe__open"]],
//     "modules": ["nf_conntrack"],
//     "sysctl": {"net.core.bpf_jit_harden": 2}
//
// Programs are named by globs. Of several globs that match a program, its own name counts before
// others; of others, all count for `autoload`, and the first in alphabetical order for `attach`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/load_settings.h"
#include "base/result.h"
#include "matrix/condition.h"
#include "matrix/expectation.h"
#include "matrix/loader_app.h"

namespace bpfmatrix {

/// What user space reads off the kernel's BTF, for programs that cannot: "param_index(vfs_unlink,
/// dentry)", "param_count(vfs_unlink)", "has_param(vfs_rename, rd)", "offset_of(iov_iter, __iov)",
/// "has_field(inode, __i_atime)".
enum class BtfQuestionKind { param_index, param_count, has_param, offset_of, has_field };
inline constexpr Word<BtfQuestionKind> kBtfQuestionKindWords[] = {
    {BtfQuestionKind::param_index, "param_index", "the place of a parameter, from 0"},
    {BtfQuestionKind::param_count, "param_count", "how many parameters a function has"},
    {BtfQuestionKind::has_param, "has_param", "1 or 0"},
    {BtfQuestionKind::offset_of, "offset_of", "bytes"},
    {BtfQuestionKind::has_field, "has_field", "1 or 0"},
};
constexpr const auto& words_of(BtfQuestionKind) { return kBtfQuestionKindWords; }

struct BtfQuestion {
  BtfQuestionKind kind = BtfQuestionKind::param_index;
  /// A function or a struct.
  std::string of{};
  /// A parameter or field; empty for param_count.
  std::string name{};
};
/// Error: it is not of the form above.
Result<BtfQuestion> parse_btf_question(std::string_view text);

/// Absent: the BTF has no such function, parameter or field. Error: it cannot be read.
using BtfAnswers = std::function<Result<std::optional<std::int64_t>>(const BtfQuestion&)>;

/// What a global variable becomes, if `when` holds, and if the BTF that is asked has an answer.
struct GlobalChoice {
  Condition when{};
  GlobalValue value{};
  std::optional<BtfQuestion> btf{};
};

/// Where a program is attached, if `when` holds.
struct AttachChoice {
  Condition when{};
  AttachTo to{};
};

struct UserSpace {
  std::map<std::string, MapSettings> maps{};
  /// In order, the first that holds; none: it stays as the object has it.
  std::map<std::string, std::vector<GlobalChoice>> globals{};
  /// Glob -> when it is loaded. What no glob names is, as its section says.
  std::map<std::string, Condition> autoload{};
  /// Glob -> in order, the first that holds; none: it is not attached. A place that says nothing is
  /// the section's.
  std::map<std::string, std::vector<AttachChoice>> attach{};
  std::vector<OneOf> one_of{};
  /// Of the kernel's own, loaded before the object, each with what it needs.
  std::vector<std::string> modules{};
  /// What is found in the guest: a uprobe's file, a configuration.
  std::vector<GuestFile> files{};
  /// "net.core.bpf_jit_harden" -> "2", written before the object is loaded.
  std::map<std::string, std::string> sysctl{};
};

/// As much of a program as decides how it is loaded.
struct ProgramName {
  std::string name{};
  /// Its section begins with '?'.
  bool on_request = false;
};

/// Takes these keys of a case or a project. Mistakes are the reader's.
UserSpace read_user_space(ObjectReader& reader);

/// What a loader is asked for on one kernel.
struct AskedOfLoader {
  GlobalValues globals{};
  LoadSettings settings{};
};
/// `btf` may be empty: there is none to ask. Error: a condition that decides is not known there, or
/// there is no BTF to ask.
Result<AskedOfLoader> asked_of_loader(const UserSpace& user,
                                      const std::vector<ProgramName>& programs,
                                      const ConditionFacts& facts, const BtfAnswers& btf = {});

/// "net.core.bpf_jit_harden" -> "/proc/sys/net/core/bpf_jit_harden"
std::string sysctl_path(const std::string& name);

}  // namespace bpfmatrix
