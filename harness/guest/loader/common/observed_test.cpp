#include "guest/loader/common/observed.h"

#include <gtest/gtest.h>

#include <memory>

namespace bpfmatrix::guest {
namespace {

/// struct observed { __u64 hits; __s32 ret; __u16 port; bool...} as clang would describe it.
class ObservedTypes {
 public:
  ObservedTypes() {
    const int u64 = btf__add_int(btf_.get(), "unsigned long long", 8, 0);
    const int s32 = btf__add_int(btf_.get(), "int", 4, BTF_INT_SIGNED);
    const int u16 = btf__add_int(btf_.get(), "unsigned short", 2, 0);
    const int character = btf__add_int(btf_.get(), "char", 1, BTF_INT_SIGNED);
    const int s8 = btf__add_int(btf_.get(), "signed char", 1, BTF_INT_SIGNED);
    const int port = btf__add_typedef(btf_.get(), "__u16", u16);
    const int text = btf__add_array(btf_.get(), u64, character, 6);
    const int bytes = btf__add_array(btf_.get(), u64, s8, 2);
    structure = static_cast<unsigned>(btf__add_struct(btf_.get(), "observed", 32));
    btf__add_field(btf_.get(), "hits", u64, 0, 0);
    btf__add_field(btf_.get(), "ret", s32, 64, 0);
    btf__add_field(btf_.get(), "port", port, 96, 0);
    btf__add_field(btf_.get(), "comm", text, 112, 0);
    btf__add_field(btf_.get(), "raw", bytes, 160, 0);
    btf__add_field(btf_.get(), "bits", s32, 192, 3);
    btf__add_field(btf_.get(), "far", u64, 256, 0);
  }
  const btf* get() const { return btf_.get(); }
  unsigned structure = 0;

 private:
  struct Free {
    void operator()(btf* types) const { btf__free(types); }
  };
  std::unique_ptr<btf, Free> btf_{btf__new_empty()};
};

// hits, ret, port, comm with something behind its end, raw; then the bits, and nothing of `far`.
constexpr std::string_view kBytes(
    "\xff\xff\xff\xff\xff\xff\xff\xff\x8d\xff\xff\xff\x73\x6f"
    "ab\0c\0\0\x80\x01\0\0\x07\0\0\0\0\0\0\0",
    32);

TEST(Observed, values_are_read_by_the_types_of_their_fields) {
  const ObservedTypes types;
  EXPECT_EQ(read_values(types.get(), types.structure, kBytes),
            OrderedJson::parse(R"({"hits":18446744073709551615,"ret":-115,"port":28531,
                "comm":"ab","raw":"8001"})"));
}

TEST(Observed, a_value_that_was_cut_loses_the_fields_that_are_gone) {
  const ObservedTypes types;
  EXPECT_EQ(read_values(types.get(), types.structure, kBytes.substr(0, 13)),
            OrderedJson::parse(R"({"hits":18446744073709551615,"ret":-115})"));
}

TEST(Observed, only_a_structure_has_values) {
  const ObservedTypes types;
  EXPECT_TRUE(read_values(types.get(), 1, kBytes).empty());
  EXPECT_TRUE(read_values(types.get(), 99, kBytes).empty());
}

}  // namespace
}  // namespace bpfmatrix::guest
