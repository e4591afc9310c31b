// The map `observed` of a application's programs, read from outside by its id.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <string>

namespace bpfmatrix::guest {

/// The type of the values of map `name` as section .maps of an object describes it; 0 if it does
/// not.
unsigned map_value_type(const btf* types, std::string_view name);

/// Says what is in it (loader_contract.md, `observed`), by the types in `object` or else by those
/// that the kernel has been given with the map. Says nothing where neither describes it.
void report_observed_map(std::uint32_t id, const std::string& object);

}  // namespace bpfmatrix::guest
