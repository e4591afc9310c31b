// The fields of what is said of a loader: which application it is, and what it may do
// (base/json_fields.h).
#pragma once

#include "base/json_fields.h"
#include "matrix/loader_app.h"
#include "matrix/privileges.h"

namespace bpfmatrix {

void fields(auto& field, Of<Privileges> auto& privileges) {
  field("memlock_bytes", privileges.memlock_bytes, "RLIMIT_MEMLOCK; null: unlimited");
  field("capabilities", privileges.capabilities,
        "an ordinary user with these; null: root, with all of them");
  field("lockdown", null_if_empty(privileges.lockdown),
        "integrity or confidentiality; null: the kernel stays as it boots");
}

void fields(auto& field, Of<LoaderApp> auto& app) {
  field("name", app.name, "by which cells call it");
  field("path", app.path, "as it was given, with {arch} in it, if so");
  field("arguments", app.arguments, "{object} and {btf} become paths in the guest");
  field("environment", app.environment, "variables it is run with");
  field("quiet_ms", app.quiet_ms,
        "it is set up when it has asked nothing more of the kernel for so long");
}

}  // namespace bpfmatrix
