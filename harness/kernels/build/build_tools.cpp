#include "kernels/build/build_tools.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/child_process.h"
#include "base/text.h"

namespace bpfmatrix {

namespace {

#ifdef __aarch64__
constexpr Arch kThisMachine = Arch::aarch64;
#else
constexpr Arch kThisMachine = Arch::x86_64;
#endif

constexpr std::chrono::seconds kVersionTimeout{60};

std::string triplet(Arch arch) { return fmt::format("{}-linux-gnu", to_string(arch)); }

/// Debian's cross packages end in the triplet, with '-' where a package name may have no '_'.
std::string package_suffix(Arch arch) {
  std::string suffix = "-" + triplet(arch);
  std::replace(suffix.begin(), suffix.end(), '_', '-');
  return suffix;
}

Result<std::string> version_line(const std::string& program) {
  Result<CommandOutput> ran = run_command({.argv = {program, "--version"}}, kVersionTimeout);
  if (!ran) return std::move(ran).error();
  if (!ran->status.success()) {
    return Error{fmt::format("'{} --version': {}", program, to_string(ran->status))};
  }
  return std::string(first_line(ran->out));
}

}  // namespace

std::vector<NeededTool> needed_tools(Arch target, Arch host, std::string_view gcc) {
  const std::string compiler = fmt::format("gcc-{}", gcc);
  const bool native = target == host;
  const std::string prefix = triplet(target) + "-";
  return {{"make", "make"},
          {"flex", "flex"},
          {"bison", "bison"},
          {"bc", "bc"},
          {"perl", "perl"},
          {"pahole", "pahole"},
          {compiler, compiler},
          {prefix + compiler, native ? compiler : compiler + package_suffix(target)},
          {prefix + "ld", native ? "binutils" : "binutils" + package_suffix(target)}};
}

Result<> check_tools(const std::vector<NeededTool>& needed, const FindProgram& find) {
  std::string missing;
  std::vector<std::string> packages;
  for (const NeededTool& tool : needed) {
    if (find(tool.program)) continue;
    missing += fmt::format("{}'{}'", missing.empty() ? "" : ", ", tool.program);
    if (std::find(packages.begin(), packages.end(), tool.package) == packages.end()) {
      packages.push_back(tool.package);
    }
  }
  if (missing.empty()) return {};
  std::string hint = "apt-get install --no-install-recommends";
  for (const std::string& package : packages) hint += " " + package;
  return Error{fmt::format("this machine lacks what it takes to build it: {}", missing), hint};
}

Result<BuildTools> find_build_tools(Arch target, std::string_view gcc) {
  if (Result<> there = check_tools(needed_tools(target, kThisMachine, gcc), find_program); !there) {
    return std::move(there).error();
  }
  BuildTools tools;
  tools.prefix = triplet(target) + "-";
  tools.host_compiler = fmt::format("gcc-{}", gcc);
  tools.compiler = tools.prefix + tools.host_compiler;
  tools.ccache = find_program("ccache").has_value();
  for (const auto& [program, version] : {std::pair(tools.compiler, &tools.compiler_version),
                                         std::pair(tools.prefix + "ld", &tools.linker_version),
                                         std::pair(std::string("pahole"), &tools.pahole_version)}) {
    Result<std::string> line = version_line(program);
    if (!line) return std::move(line).error();
    *version = *std::move(line);
  }
  return tools;
}

}  // namespace bpfmatrix
