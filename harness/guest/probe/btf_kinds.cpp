// Which kinds of types the kernel takes in an object's BTF (BPF_BTF_LOAD): the smallest BTF that
// has one.
#include <cerrno>
#include <vector>

#include "guest/probe/questions.h"
#include "guest/probe/report.h"

namespace bpfmatrix::guest {

namespace {

// Names, as offsets into the strings of load_btf.
constexpr std::uint32_t kNoName = 0;
constexpr std::uint32_t kA = 1;
constexpr std::uint32_t kB = 3;
constexpr std::uint32_t kSection = 5;

/// The second word of a type; the numbers are BTF_KIND_*.
constexpr std::uint32_t info(std::uint32_t kind, std::uint32_t count = 0) {
  return kind << 24 | count;
}

struct KnownKind {
  const char* name;
  /// Follows an int, which is type 1.
  std::vector<std::uint32_t> types;
};

std::vector<KnownKind> known_kinds() {
  constexpr std::uint32_t kFunctionType[] = {kNoName, info(13), 1};
  const auto after_function_type = [&](std::initializer_list<std::uint32_t> more) {
    std::vector<std::uint32_t> types(std::begin(kFunctionType), std::end(kFunctionType));
    types.insert(types.end(), more);
    return types;
  };
  return {
      {"int", {}},
      {"ptr", {kNoName, info(2), 1}},
      {"array", {kNoName, info(3), 0, 1, 1, 2}},
      {"struct", {kA, info(4, 1), 4, kB, 1, 0}},
      {"union", {kA, info(5, 1), 4, kB, 1, 0}},
      {"enum", {kA, info(6, 1), 4, kB, 1}},
      {"fwd", {kA, info(7), 0}},
      {"typedef", {kA, info(8), 1}},
      {"volatile", {kNoName, info(9), 1}},
      {"const", {kNoName, info(10), 1}},
      {"restrict", {kNoName, info(2), 1, kNoName, info(11), 2}},
      {"func_proto", after_function_type({})},
      {"func", after_function_type({kA, info(12), 2})},
      // BTF has linkage since 5.6.
      {"func_global", after_function_type({kA, info(12, 1), 2})},
      {"var", {kA, info(14), 1, 0}},
      {"datasec", {kA, info(14), 1, 0, kSection, info(15, 1), 4, 2, 0, 4}},
      {"float", {kA, info(16), 4}},
      {"decl_tag", {kA, info(4, 1), 4, kB, 1, 0, kB, info(17), 2, 0xffffffff}},
      {"type_tag", {kA, info(18), 1, kNoName, info(2), 2}},
      {"enum64", {kA, info(19, 1), 8, kB, 1, 0}},
  };
}

}  // namespace

void probe_btf_kinds() {
  for (const KnownKind& kind : known_kinds()) {
    std::vector<std::uint32_t> types{kA, info(1), 4, 32};
    types.insert(types.end(), kind.types.begin(), kind.types.end());
    report_probed("btf_kind", kind.name, answer_of(load_btf(types), {EINVAL}));
  }
}

}  // namespace bpfmatrix::guest
