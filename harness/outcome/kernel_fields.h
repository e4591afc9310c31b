// The fields of what an outcome and a transcript both say of a kernel and of the BTF that was
// handed over (base/json_fields.h).
#pragma once

#include "base/json_fields.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

void fields(auto& field, Of<OutcomeKernel> auto& k) {
  field("id", k.id, "id in the catalog");
  field("release", k.release, "uname -r");
  field("arch", k.arch, "uname -m");
  field.object("btf", "BTF of the kernel itself", [&](auto& btf) {
    btf("present", k.btf_present, "whether it was built with BTF");
    btf("bytes", k.btf_bytes, "its size");
    btf("sha256", null_if_empty(k.btf_sha256), "its hash");
  });
  field.object("origin", "how its files were verified", [&](auto& origin) {
    origin("kind", k.origin_kind, "deb, rpm, source, local");
    origin("package", null_if_empty(k.package), "package the image is from");
    origin("version", null_if_empty(k.version), "its version");
    origin("sha256", null_if_empty(k.sha256),
           "hash of the package, or of the image of a local kernel");
    origin("signed_by", null_if_empty(k.signed_by),
           "fingerprint of the key that signed the archive's Release file or the package");
  });
  field("facts", null_if_empty(k.facts),
        "what is known of the kernel is in kernels/<hash>.json.gz of the run directory "
        "(kernel_facts.schema.json); null: it was not probed");
}

void fields(auto& field, Of<EmbeddedBtf> auto& e) {
  field("origin", e.origin, "where it is from");
  field("bytes", e.bytes, "its size");
  field("sha256", e.sha256, "its hash");
  field("functions", e.functions,
        "of a user's file: how many functions it describes; null: none, or the kernel's are not "
        "known");
  field("functions_in_kernel", e.functions_in_kernel,
        "how many of those the kernel has; in the BTF of the kernel itself, more than 99 in 100");
}

}  // namespace bpfmatrix
