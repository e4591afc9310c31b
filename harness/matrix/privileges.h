// What the loader of a case may do: everything, unless the case says less. "Will it load as a
// service with CAP_BPF and CAP_PERFMON only?"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json_fields.h"

namespace bpfmatrix {

struct Privileges {
  /// RLIMIT_MEMLOCK, which counts BPF memory before 5.11 (97306be45fbe); nothing: unlimited.
  std::optional<std::uint64_t> memlock_bytes{};
  /// "CAP_BPF"...: an ordinary user with these. Nothing: root, with all of them.
  std::optional<std::vector<std::string>> capabilities{};
  /// "integrity" or "confidentiality" (security/lockdown/lockdown.c, 5.4, 000d388ed3bb): how far
  /// the kernel is locked down; empty: as it boots.
  std::string lockdown{};

  bool limited() const { return memlock_bytes || capabilities || !lockdown.empty(); }
};

void fields(auto& field, Of<Privileges> auto& p) {
  field("memlock_bytes", p.memlock_bytes, "RLIMIT_MEMLOCK; null: unlimited");
  field("capabilities", p.capabilities,
        "an ordinary user with these; null: root, with all of them");
  field("lockdown", null_if_empty(p.lockdown),
        "integrity or confidentiality; null: the kernel stays as it boots");
}

/// Takes the object `privileges` of a case; unlimited if there is none. Mistakes are the parent's.
Privileges read_privileges(ObjectReader& parent);

}  // namespace bpfmatrix
