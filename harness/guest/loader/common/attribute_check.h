// E2BIG of bpf(2) has two meanings: something is too big, or the kernel is too old to know a field
// of the attribute that is not zero. The second is said before anything else is looked at, so it
// can be tried alone.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bpfmatrix::guest {

/// Where in `attr` the last byte stands that is not zero; nothing if all are.
std::optional<std::size_t> last_used_byte(std::string_view attr);

/// An attribute in which that byte is the only one used.
std::string attribute_with_only(std::size_t byte, std::size_t size);

/// `bpf` makes the call that was refused with E2BIG once more, with another attribute, and returns
/// 0 or an errno. A program without instructions is too big as well: `count_at` is where their
/// number stands, so that it can be 1.
std::optional<bool> attributes_are_known(std::string_view attr, std::optional<std::size_t> count_at,
                                         const std::function<int(std::string&)>& bpf);

}  // namespace bpfmatrix::guest
