#include "cell/module_btf.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "images/modinfo.h"
#include "kernels/image/elf_section.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kBuiltIn = "the types of what is built in are in the kernel's own BTF";

}  // namespace

Result<std::string> module_btf(const Module& module) {
  const auto in_module = [&](std::string_view what) {
    return Error{fmt::format("module '{}': {}", module.name, what)};
  };
  const Result<std::optional<std::string_view>> own_base = elf_section(module.bytes, ".BTF.base");
  if (!own_base) return in_module(own_base.error().message);
  if (*own_base) return in_module("its base is its own .BTF.base, not the kernel's BTF");
  const Result<std::optional<std::string_view>> types = elf_section(module.bytes, ".BTF");
  if (!types) return in_module(types.error().message);
  if (!*types) {
    Error error = in_module("no BTF in it");
    error.hint = "modules have BTF since 5.11, with CONFIG_DEBUG_INFO_BTF_MODULES";
    return error;
  }
  return std::string(**types);
}

Result<std::string> module_btf(const Kernel& kernel, const std::string& name) {
  const auto of_kernel = [&](std::string_view what, std::string hint) {
    return Error{fmt::format("kernel '{}': {}", kernel.id, what), std::move(hint)};
  };
  if (!kernel.modules) return of_kernel("it has no modules", std::string(kBuiltIn));
  const Result<ModuleSet> set = collect_modules(*kernel.modules, {{.name = name}});
  if (!set) return wrap(fmt::format("kernel '{}'", kernel.id), set.error());
  if (!set->missing.empty()) {
    return of_kernel(fmt::format("module {}", set->missing.front()),
                     fmt::format("its modules are the files *.ko* below '{}'",
                                 (*kernel.modules / "kernel").string()));
  }
  const auto found =
      std::find_if(set->modules.begin(), set->modules.end(),
                   [&](const Module& module) { return module.name == module_name(name); });
  if (found == set->modules.end()) {
    return of_kernel(fmt::format("'{}' is built in", name), std::string(kBuiltIn));
  }
  Result<std::string> bytes = module_btf(*found);
  if (!bytes) return wrap(fmt::format("kernel '{}'", kernel.id), std::move(bytes).error());
  return bytes;
}

}  // namespace bpfmatrix
