// What the probe found out, a JSON line each on standard output; outcome/probe_record.h reads it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "guest/probe/bpf.h"

namespace bpfmatrix::guest {

/// `group` is one of map_type, program_type, attach_type, attach, btf_kind, behaviour.
void report_probed(std::string_view group, std::string_view name, const Probed& probed);
/// Which helpers programs of this type may call.
void report_helpers(std::string_view program_type, const std::vector<std::uint32_t>& allowed,
                    const std::vector<std::uint32_t>& unknown);
/// How many helper numbers this kernel has; not said where that could not be found out.
void report_helper_count(std::uint32_t count);
void report_number(std::string_view name, std::int64_t value);
void report_probe_done();

}  // namespace bpfmatrix::guest
