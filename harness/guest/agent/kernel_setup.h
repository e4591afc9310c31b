// What of the kernel a cell wants to be so before its program starts: modules and settings.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "guest/messages.h"

namespace bpfmatrix::guest {

/// A module that is loaded already, or built in, is no failure.
void load_module(const std::filesystem::path& file, std::vector<std::string>& notes);

/// The request's modules in their order, then its settings. What the kernel did not take, a line
/// each.
std::vector<std::string> set_up_kernel(const RunRequest& request);

}  // namespace bpfmatrix::guest
