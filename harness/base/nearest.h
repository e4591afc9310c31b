// The name that somebody meant who wrote another. No library that Debian 12 has for C++ does this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix {

/// How many characters must be put in, left out, replaced or exchanged with their neighbour until
/// `word` is `name`. In a glob '*' stands for any characters, '?' for any one, without counting.
int edit_distance(std::string_view word, std::string_view name);

/// The known name that `word` is most likely meant to be: the first of those with the least
/// distance, at most a third of its length, or the shortest that it is a part of. Empty: none is
/// like it.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

/// The hint for a name that nobody knows: "did you mean 'debian-6.1-x86_64'?", or else the known
/// ones, as many as fit a line, and `list`, the command that lists them all (may be empty).
std::string hint_for_unknown(std::string_view word, const std::vector<std::string>& known,
                             std::string_view list = "");

}  // namespace bpfmatrix
