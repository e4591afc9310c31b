#include "run/objects/module_finder.h"

#include <elf.h>

#include <algorithm>

#include "base/section_name.h"
#include "elf/elf_file.h"
#include "images/modinfo.h"
#include "images/modules.h"

namespace bpfmatrix {

namespace {

bool is_function_name(std::string_view text) {
  return !text.empty() && text.find_first_of("*?:/+.") == std::string_view::npos;
}

/// By a function of the kernel: "kprobe", "kretprobe", "fentry", "fexit", "fmod_ret".
bool attaches_to_function(std::string_view method) {
  return method == "kprobe" || method == "kretprobe" || method == "fentry" || method == "fexit" ||
         method == "fmod_ret";
}

void take_defined(const std::string& module, std::string bytes, std::set<std::string>& names,
                  std::map<std::string, std::string>& known) {
  const Result<ElfFile> elf = ElfFile::parse(std::move(bytes));
  if (!elf) return;
  for (const ElfSymbol& symbol : elf->symbols()) {
    const bool defined =
        symbol.section != SHN_UNDEF && (symbol.type == STT_FUNC || symbol.type == STT_OBJECT);
    if (!defined) continue;
    const auto wanted = names.find(std::string(symbol.name));
    if (wanted == names.end()) continue;
    known[*wanted] = module;
    names.erase(wanted);
  }
}

bool has_any(std::string_view bytes, const std::set<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return bytes.find(name) != std::string_view::npos;
  });
}

}  // namespace

std::set<std::string> named_functions(const ObjectFile& object) {
  std::set<std::string> names;
  for (const ObjectProgram& program : object.info.programs) {
    const SectionName section = parse_section_name(program.section);
    if (attaches_to_function(section.method) && is_function_name(section.target))
      names.emplace(section.target);
  }
  if (object.elf == nullptr) return names;
  for (const ElfSymbol& symbol : object.elf->symbols()) {
    const bool is_extern = symbol.section == SHN_UNDEF && symbol.binding == STB_GLOBAL;
    if (is_extern && is_function_name(symbol.name)) names.emplace(symbol.name);
  }
  return names;
}

void ModuleFinder::look_up(const std::set<std::string>& names) {
  std::set<std::string> left;
  for (const std::string& name : names) {
    if (known_.emplace(name, "").second) left.insert(name);
  }
  if (left.empty()) return;
  const auto files = module_files(*folder_);
  if (!files) return;
  for (const auto& [module, file] : *files) {
    if (left.empty()) return;
    Result<std::string> bytes = read_module(file);
    if (bytes && has_any(*bytes, left)) take_defined(module, *std::move(bytes), left, known_);
  }
}

std::vector<std::string> ModuleFinder::modules_for(const ObjectFile& object,
                                                   const KernelFacts& facts) {
  if (!folder_) return {};
  std::set<std::string> missing;
  for (const std::string& name : named_functions(object)) {
    if (facts.symbol(name) == Ternary::no) missing.insert(name);
  }
  if (missing.empty()) return {};
  const std::lock_guard lock(mutex_);
  look_up(missing);
  std::set<std::string> modules;
  for (const std::string& name : missing) {
    if (const std::string& module = known_.at(name); !module.empty()) modules.insert(module);
  }
  return {modules.begin(), modules.end()};
}

}  // namespace bpfmatrix
