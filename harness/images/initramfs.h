// What the guest sees of the world: one cpio archive, and nothing of the host's file system.
//
//     /init                            the agent
//     /bpfmatrix/loaders/<name>        one executable per loader
//     /bpfmatrix/modules/<NN-name.ko>  decompressed
//     /bpfmatrix/modules/order         one line per module, in load order: "<channel|attach>
//     <file>" /dev/console, and the empty folders dev proc run sys tmp
//
// It is not compressed: measured under emulation, the guest's decompressor costs more than reading
// the bytes (see initramfs.cpp).
#pragma once

#include <string>

#include "base/result.h"
#include "images/guest_tools.h"
#include "images/modules.h"

namespace bpfmatrix {

/// The archive. Equal inputs give equal bytes. Error: a tool cannot be read or is over 64 MiB.
Result<std::string> build_initramfs(const GuestTools& tools, const ModuleSet& modules);

}  // namespace bpfmatrix
