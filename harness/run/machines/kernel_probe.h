// What a kernel is, measured in a guest of it once and kept in the store: facts/KEY.json.gz, where
// the key stands for the kernel's files and the probe that asked.
#pragma once

#include <filesystem>

#include "guest/session.h"
#include "kernels/kernel.h"
#include "kernels/store.h"
#include "outcome/kernel_facts.h"

namespace bpfmatrix {

/// Runs the probe in a guest that is up, and reads what else the guest shows of its kernel. Blocks
/// a few seconds; everything it creates or attaches is gone when it returns. Error: the probe said
/// something else than it should, or the session is over (see its state).
Result<KernelFacts> probe_kernel(const Kernel& kernel, Session& session);

/// Where the store keeps the facts of this kernel. Error: a file that the key stands for cannot be
/// read.
Result<std::filesystem::path> kept_facts_path(const Store& store, const Kernel& kernel);

}  // namespace bpfmatrix
