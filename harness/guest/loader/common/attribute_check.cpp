#include "guest/loader/common/attribute_check.h"

#include <cerrno>

namespace bpfmatrix::guest {

std::optional<std::size_t> last_used_byte(std::string_view attr) {
  const std::size_t at = attr.find_last_not_of('\0');
  if (at == std::string_view::npos) return std::nullopt;
  return at;
}

std::string attribute_with_only(std::size_t byte, std::size_t size) {
  std::string attr(size, '\0');
  if (byte < size) attr[byte] = 1;
  return attr;
}

std::optional<bool> attributes_are_known(std::string_view attr, std::optional<std::size_t> count_at,
                                         const std::function<int(std::string&)>& bpf) {
  const std::optional<std::size_t> last = last_used_byte(attr);
  if (!last) return std::nullopt;
  std::string probe = attribute_with_only(*last, attr.size());
  if (count_at && *count_at < probe.size()) probe[*count_at] = 1;
  const int error = bpf(probe);
  if (error == 0) return std::nullopt;
  return error != E2BIG;
}

}  // namespace bpfmatrix::guest
