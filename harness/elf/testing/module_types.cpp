#include "elf/testing/module_types.h"

#include <bpf/btf.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>

namespace bpfmatrix {

namespace {

struct Free {
  void operator()(btf* types) const { btf__free(types); }
};
using Types = std::unique_ptr<btf, Free>;

Types read(const std::string& bytes) {
  return Types(btf__new(bytes.data(), static_cast<std::uint32_t>(bytes.size())));
}

}  // namespace

std::string module_types(const std::string& kernel, const std::string& types) {
  const Types base = read(kernel);
  const Types all = read(types);
  const Types split(btf__new_empty_split(base.get()));
  EXPECT_GT(btf__add_btf(split.get(), all.get()), 0);
  EXPECT_EQ(btf__dedup(split.get(), nullptr), 0);
  std::uint32_t size = 0;
  const void* bytes = btf__raw_data(split.get(), &size);
  return {static_cast<const char*>(bytes), size};
}

void write_module(BpfCompiler& compiler, const std::filesystem::path& folder,
                  const std::string& name, const std::map<std::string, std::string>& sections) {
  std::string assembly = fmt::format(".section .modinfo\n.asciz \"name={}\"\n", name);
  for (const auto& [section, bytes] : sections) {
    const auto file = compiler.write(name + section, bytes);
    assembly += fmt::format(".section {}\n.incbin \"{}\"\n", section, file.string());
  }
  const auto source = compiler.write(name + ".s", assembly);
  std::filesystem::create_directories(folder / "kernel");
  compiler.run(
      {"clang", "-c", source.string(), "-o", (folder / "kernel" / (name + ".ko")).string()});
}

}  // namespace bpfmatrix
