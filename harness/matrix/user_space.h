// What the user space of a case or of a project does around its object: what it sets before the
// object is loaded, which programs it loads on which kernel, where it attaches them, and what of the
// machine it wants to be so.
//
//     "maps": {"counters": {"max_entries": "cpus"}},
//     "globals": {"debug": true, "dentry_arg": [{"when": "kernel < 5.12", "value": 1}, {"value": 2}]},
//     "autoload": {"fentry__*": "has(fentry)", "kprobe__*": "not has(fentry)", "debug": false},
//     "attach": {"on_unlink": [{"when": "kernel >= 6.18", "function": "filename_unlinkat"},
//                              {"function": "do_unlinkat"}], "helper_only": false},
//     "one_of": [["fentry__open", "kprobe__open"]],
//     "modules": ["nf_conntrack"],
//     "sysctl": {"net.core.bpf_jit_harden": 2}
//
// Programs are named by globs. Of several globs that match a program, its own name counts before
// others; of others, all count for `autoload`, and the first in alphabetical order for `attach`.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/load_settings.h"
#include "base/result.h"
#include "matrix/condition.h"
#include "matrix/expectation.h"

namespace bpfmatrix {

/// What a global variable becomes, if `when` holds.
struct GlobalChoice {
  Condition when{};
  GlobalValue value{};
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
  /// Glob -> in order, the first that holds; none: it is not attached.
  std::map<std::string, std::vector<AttachChoice>> attach{};
  std::vector<OneOf> one_of{};
  /// Of the kernel's own, loaded before the object, each with what it needs.
  std::vector<std::string> modules{};
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
/// Error: a condition that decides is not known there.
Result<AskedOfLoader> asked_of_loader(const UserSpace& user, const std::vector<ProgramName>& programs,
                                      const ConditionFacts& facts);

/// "net.core.bpf_jit_harden" -> "/proc/sys/net/core/bpf_jit_harden"
std::string sysctl_path(const std::string& name);

}  // namespace bpfmatrix
