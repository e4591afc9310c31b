#include "elf/testing/hostile_object.h"

#include <gtest/gtest.h>

namespace bpfmatrix {

std::string hostile_object(BpfCompiler& compiler) {
  constexpr const char* kSource = R"(
#define SEC(name) __attribute__((section(name), used))
struct map { int type, key, value, entries; };
SEC("license") char terms[] = "LLLLLLLL";
SEC("maps") struct map mmmmmmmm = {2, 4, 4, 1};
SEC("ssssssss") int pppppppp(void *ctx) { return 0; }
)";
  const std::string name(kHostileName);
  const std::string source = compiler.write("hostile.c", kSource).string();
  const std::string object = (compiler.directory() / "hostile.o").string();
  compiler.run({"clang", "-target", "bpf", "-O2", "-c", source, "-o", object});
  std::string bytes = bytes_of(object);
  for (const char letter : {'L', 'm', 's', 'p'}) {
    const std::size_t at = bytes.find(std::string(name.size() + 1, letter));
    EXPECT_NE(at, std::string::npos) << letter;
    if (at != std::string::npos) bytes.replace(at + 1, name.size(), name);
  }
  return bytes;
}

}  // namespace bpfmatrix
