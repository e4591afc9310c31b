// What the benchmarks that boot machines have in common.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

#include "base/result.h"
#include "images/initramfs.h"

namespace bpfmatrix {

/// Says what went wrong; gives the exit code for it.
inline int fail(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
  return 3;
}

/// With the modules that the channel needs; without any if `modules` is nullptr.
inline Result<std::string> initramfs(Arch arch, const char* modules) {
  Result<GuestTools> tools = find_guest_tools(arch);
  if (!tools) return std::move(tools).error();
  if (modules == nullptr) return build_initramfs(*tools, {});
  Result<ModuleSet> set = collect_modules(modules, wanted_modules());
  if (!set) return std::move(set).error();
  return build_initramfs(*tools, *set);
}

}  // namespace bpfmatrix
