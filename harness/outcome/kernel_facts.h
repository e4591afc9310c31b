// What one kernel is, measured in a guest: what it takes, what it is configured with, the names it
// has. Facts, never a verdict; what could not be found out is `unknown` and never `no`. Kept as
// kernels/SHA256.json.gz in a run directory; the schema is kernel_facts.schema.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "matrix/condition.h"
#include "outcome/kernel_symbols.h"

namespace bpfmatrix {

/// Belongs to what the probe asks and how its answers are read: a kernel is probed again when it
/// grows.
inline constexpr int kKernelFactsSchema = 2;

struct ProbedFact {
  Ternary answer = Ternary::unknown;
  /// The errno that decided; empty where the kernel agreed or was not asked.
  std::string errno_name{};
};

/// What programs of one type may call, by the numbers of helpers.
struct HelperFacts {
  std::vector<std::uint32_t> allowed{};
  std::vector<std::uint32_t> unknown{};
};

struct KernelFacts {
  std::string release{};
  std::string arch{};
  std::string cmdline{};
  std::int64_t probe_ms = 0;

  /// By group (map_type, program_type, attach_type, attach, btf_kind, behaviour) and name.
  std::map<std::string, std::map<std::string, ProbedFact>> probed{};
  /// Helpers are numbered from 1 to this.
  std::optional<std::uint32_t> helper_count{};
  /// By program type ("BPF_PROG_TYPE_XDP"): what its programs may call.
  std::map<std::string, HelperFacts> helpers{};
  /// memlock_limit (-1: none), page_bytes, map_type_count (map types are numbered below it).
  std::map<std::string, std::int64_t> numbers{};
  /// Options of the running kernel by a short name: jit, lockdown, lsm...; only what it shows.
  std::map<std::string, std::string> options{};
  /// Without CONFIG_, only what is set; nothing: the configuration is not known.
  std::optional<std::map<std::string, std::string>> config{};
  /// "syscalls:sys_enter_connect"; nothing: not known.
  std::optional<std::vector<std::string>> tracepoints{};
  KernelSymbols symbols{};

  /// `unknown` also if it was not probed.
  ProbedFact probe(std::string_view group, std::string_view name) const;
  /// Of a map, program or attach type, or a behaviour: names that has() of conditions knows.
  Ternary feature(std::string_view name) const;
  /// Of a map type that has no name here.
  Ternary map_type_number(std::uint32_t number) const;
  /// True if some type of program may call it.
  Ternary helper(std::uint32_t id) const;
  Ternary helper_for(std::string_view program_type, std::uint32_t id) const;
  Ternary kfunc(std::string_view name) const;
  /// y and m are true.
  Ternary configured(std::string_view option) const;
  Ternary symbol(std::string_view name) const;
  std::optional<bool> has_tracepoint(std::string_view event) const;
  /// RLIMIT_MEMLOCK bounds what a loader may create here.
  std::optional<bool> memlock_limited() const;
  std::optional<bool> locked_down() const;
};

OrderedJson to_json(const KernelFacts& facts);
/// The text that is kept, with its line end.
std::string to_text(const KernelFacts& facts);
/// Strict: an unknown key or word is an error that names `where`.
Result<KernelFacts> kernel_facts_from_json(const Json& json, const std::string& where);

OrderedJson kernel_facts_schema();

/// The options of a configuration that are set: "CONFIG_X=y" lines. Bytes that are no UTF-8 are
/// escaped.
std::map<std::string, std::string> parse_kernel_config(std::string_view text);

}  // namespace bpfmatrix
