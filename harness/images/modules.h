// Kernel modules for the initramfs. Distribution packages ship no modules.dep (depmod makes it on
// the installed machine), so the order is found here, from the few files that matter.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

/// What a module is for, and so when the agent loads it.
enum class ModuleUse { channel, later };
inline constexpr Word<ModuleUse> kModuleUseWords[] = {
    {ModuleUse::channel, "channel", "loaded before the agent says hello"},
    {ModuleUse::later, "later", "loaded after that"},
};
constexpr const auto& words_of(ModuleUse) { return kModuleUseWords; }

struct WantedModule {
  std::string name{};
  ModuleUse use = ModuleUse::later;
  std::string reason{};
};

/// A module ready to be handed to finit_module(2).
struct Module {
  std::string name{};
  ModuleUse use = ModuleUse::later;
  /// The ELF file, decompressed.
  std::string bytes{};
};

struct ModuleSet {
  /// In load order: what is needed comes before what needs it, and the channel before the rest.
  std::vector<Module> modules{};
  /// "veth: neither built in nor a module file": information, not an error. The kernel may still do
  /// all that it has to do, and without channel modules a serial port is the channel.
  std::vector<std::string> missing{};
};

/// The list in images/modules.json, which is compiled in.
std::vector<WantedModule> wanted_modules();
/// Strict. `source` names the text in errors.
Result<std::vector<WantedModule>> parse_wanted_modules(std::string_view json,
                                                       std::string_view source);

/// Every module file below `folder`, by the module's name. Error: the folder cannot be read, or has
/// more than 50,000.
Result<std::map<std::string, std::filesystem::path>> module_files(
    const std::filesystem::path& folder);

/// Finds what is wanted, and what that depends on, in `folder` (which holds modules.builtin,
/// Documentation/kbuild/kbuild.rst, v5.8, and
/// kernel/**.ko, .ko.xz, .ko.zst or .ko.gz). Reads only those files; '-' and '_' are the same.
/// Error: a module that is there cannot be read, is no ELF file, or is over 64 MiB.
Result<ModuleSet> collect_modules(const std::filesystem::path& folder,
                                  const std::vector<WantedModule>& wanted);

}  // namespace bpfmatrix
