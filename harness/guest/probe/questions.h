// The questions of the probe, a file each. Everything is asked by doing: created, loaded, attached,
// and let go at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "guest/probe/bpf.h"

namespace bpfmatrix::guest {

/// Ids in the kernel's own BTF of things to attach to; the host knows them. None without BTF.
struct ProbeTargets {
  /// A function that is there for tests, and not called otherwise.
  std::optional<std::uint32_t> function{};
  std::optional<std::uint32_t> lsm_hook{};
  std::optional<std::uint32_t> iterator{};
  /// The typedef of a tracepoint.
  std::optional<std::uint32_t> tracepoint{};
};

/// A program type with what its programs cannot be loaded without.
struct KnownProgramType {
  std::string_view name;
  std::uint32_t type;
  std::uint32_t expected_attach = 0;
  std::uint32_t flags = 0;
};
std::span<const KnownProgramType> known_program_types();

void probe_map_types();
void probe_program_types();
void probe_attach_types(const ProbeTargets& targets);
void probe_attach_ways(const ProbeTargets& targets);
void probe_btf_kinds();
void probe_behaviours();
void probe_helpers(const ProbeTargets& targets);
/// Last of all: it takes the limit on locked memory away from itself.
void probe_memlock();

}  // namespace bpfmatrix::guest
