// What this kernel is, measured: asked once per kernel by the host, in a guest, as root. One line
// of JSON in (what the host knows of the kernel's BTF), a line for every answer out.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "base/json.h"
#include "guest/probe/questions.h"
#include "guest/probe/report.h"

namespace bpfmatrix::guest {

namespace {

constexpr int kProbeContract = 1;

Result<ProbeTargets> parse_targets(const std::string& line) {
  const Result<Json> json = parse_json(line, "request");
  if (!json) return json.error();
  ObjectReader reader(*json, "request");
  if (reader.integer("probe") != kProbeContract) reader.fail("probe", "this one speaks 1");
  const auto id = [&](std::string_view key) -> std::optional<std::uint32_t> {
    const auto value = reader.optional_integer(key);
    return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
  };
  const ProbeTargets targets{id("function"), id("lsm_hook"), id("iterator"), id("tracepoint")};
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return targets;
}

int probe() {
  std::string line;
  std::getline(std::cin, line);
  const Result<ProbeTargets> targets = parse_targets(line);
  if (!targets) {
    std::fprintf(stderr, "error: %s\n", targets.error().message.c_str());
    return 1;
  }
  report_number("page_bytes", ::sysconf(_SC_PAGESIZE));
  probe_map_types();
  probe_program_types();
  probe_attach_types(*targets);
  probe_attach_ways(*targets);
  probe_btf_kinds();
  probe_behaviours();
  probe_helpers(*targets);
  probe_memlock();
  report_probe_done();
  return 0;
}

}  // namespace

}  // namespace bpfmatrix::guest

int main() {
  std::setvbuf(stdout, nullptr, _IOFBF, 64 * 1024);
  try {
    return bpfmatrix::guest::probe();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return 1;
  }
}
