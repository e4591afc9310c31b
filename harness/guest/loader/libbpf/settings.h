// What is asked of libbpf between opening an object and loading it (base/load_settings.h), and what
// is done unasked: a map that the object leaves without a size is given one.
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/load_settings.h"
#include "base/result.h"

namespace bpfmatrix::guest {

/// The kernel did not make the maps that this one is to hold.
struct InnerFailure {
  std::string map{};
  int error = 0;
};

/// What was set, as far as it has to be told or kept until the object is loaded.
struct SetUp {
  /// Map -> the max_entries that it was given for want of a size.
  std::map<std::string, std::uint32_t> sized{};
  std::vector<InnerFailure> inner_failures{};
  std::vector<Fd> inner_maps{};
};

/// The descriptor of a program that is in the kernel already; -1: there is none of that name.
using ProgramThere = std::function<int(std::string_view name)>;

/// Into the object as it was opened. Error: there is no such map or program, or libbpf does not
/// take the value.
Result<SetUp> set_up(bpf_object* object, const LoadSettings& settings, const ProgramThere& there);

/// How many entries, and of how many bytes, that is here.
std::uint32_t amount_here(const Amount& amount);

}  // namespace bpfmatrix::guest
