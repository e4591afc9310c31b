// How one text became another, line by line, as `diff -u` shows it.
#pragma once

#include <string>
#include <string_view>

namespace bpfmatrix {

/// With two lines around each change; empty if the texts are equal. `name` heads it.
std::string line_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace bpfmatrix
