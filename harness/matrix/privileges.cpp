#include "matrix/privileges.h"

#include <fmt/format.h>

#include "base/capability.h"

namespace bpfmatrix {

namespace {

std::optional<std::uint64_t> read_memlock(ObjectReader& reader) {
  const auto bytes = reader.optional_integer("memlock_bytes");
  if (!bytes) return std::nullopt;
  if (*bytes < 0) reader.fail("memlock_bytes", "negative");
  return static_cast<std::uint64_t>(*bytes);
}

std::optional<std::vector<std::string>> read_capabilities(ObjectReader& reader) {
  auto names = reader.optional_strings("capabilities");
  if (!names) return std::nullopt;
  for (const std::string& name : *names) {
    if (!capability_number(name)) {
      reader.fail("capabilities", fmt::format("unknown capability '{}'", name),
                  "use the names of linux/capability.h: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN");
    }
  }
  return names;
}

std::string read_lockdown(ObjectReader& reader) {
  std::string level = reader.optional_string("lockdown").value_or("");
  if (!level.empty() && level != "integrity" && level != "confidentiality") {
    reader.fail("lockdown", fmt::format("unknown level '{}'", level),
                "known: integrity, confidentiality");
  }
  return level;
}

}  // namespace

Privileges read_privileges(ObjectReader& parent) {
  const Json* json = parent.object("privileges");
  if (json == nullptr) return {};
  ObjectReader reader(*json, parent.where("privileges"));
  Privileges privileges{read_memlock(reader), read_capabilities(reader), read_lockdown(reader)};
  if (const Result<> read = reader.finish(); !read) parent.adopt(read.error());
  return privileges;
}

}  // namespace bpfmatrix
