#include "elf/module_types.h"

#include <bpf/btf.h>
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

}  // namespace bpfmatrix
