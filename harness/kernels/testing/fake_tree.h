// For tests: a source tree that builds in a moment, and can do what a kernel's can.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {

/// Its release is 5.4.1-own. "allnoconfig" drops CONFIG_DROPPED, "bzImage" compiles a vmlinux with
/// debug information and a task_struct; the image holds `btf`.
std::vector<FakeEntry> fake_tree(const std::string& btf = "");

void write_tree(const std::vector<FakeEntry>& entries, const std::filesystem::path& folder);
/// As a tarball has it, below one top folder.
std::string tar_tree(const std::vector<FakeEntry>& entries);

}  // namespace bpfmatrix
