#include "elf/btf_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elf/testing/bpf_compiler.h"
#include "elf/testing/btf_words.h"
#include "elf/vmlinux_h.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::uint32_t>;

constexpr std::uint32_t kA = 1;  ///< the name "a"
constexpr std::uint32_t kNone = 0;

std::string error_of(const Words& types) {
  const Result<Btf> btf = Btf::parse(btf_bytes(types));
  return btf ? "" : btf.error().message;
}

/// `count` types after an int, each made of the id of the one before.
template <typename Make>
Words chain(std::uint32_t count, Make make) {
  Words types{kA, btf_info(BtfKind::int_type), 4, 32};
  for (std::uint32_t before = 1; before <= count; ++before) {
    const Words one = make(before);
    types.insert(types.end(), one.begin(), one.end());
  }
  return types;
}

TEST(BtfShape, a_type_made_of_itself_is_refused) {
  const std::string one = "BTF: type 1 is made of itself, without a name in between";
  for (const BtfKind kind : {BtfKind::ptr, BtfKind::typedef_type, BtfKind::volatile_type,
                             BtfKind::const_type, BtfKind::restrict_type, BtfKind::type_tag}) {
    EXPECT_EQ(error_of({kA, btf_info(kind), 1}), one) << to_string(kind);
  }
  EXPECT_EQ(error_of({kNone, btf_info(BtfKind::array), 0, 1, 0, 2}), one);
  EXPECT_EQ(error_of({kNone, btf_info(BtfKind::func_proto, 1), 0, kA, 1}), one);
  EXPECT_EQ(error_of({kNone, btf_info(BtfKind::func_proto), 1}), one);
  EXPECT_EQ(error_of({kNone, btf_info(BtfKind::union_type, 1), 8, kA, 1, 0}), one);
  // By value, a name does not help.
  EXPECT_EQ(error_of({kA, btf_info(BtfKind::struct_type, 1), 8, kA, 1, 0}), one);
  EXPECT_EQ(error_of({kA, btf_info(BtfKind::struct_type, 1), 8, kA, 2, 0,  //
                      kNone, btf_info(BtfKind::array), 0, 1, 1, 2}),
            one);
}

TEST(BtfShape, a_longer_circle_is_refused_wherever_the_walk_begins) {
  const std::string text = "is made of itself, without a name in between";
  // A typedef of a pointer to a const of it.
  EXPECT_THAT(error_of({kNone, btf_info(BtfKind::ptr), 2, kNone, btf_info(BtfKind::const_type), 3,
                        kA, btf_info(BtfKind::typedef_type), 1}),
              HasSubstr(text));
  // A function that takes a pointer to such a function.
  EXPECT_THAT(error_of({kNone, btf_info(BtfKind::func_proto, 1), 0, kA, 2,  //
                        kNone, btf_info(BtfKind::ptr), 1}),
              HasSubstr(text));
  // A struct without a name that points to itself, which C cannot say.
  EXPECT_THAT(error_of({kNone, btf_info(BtfKind::ptr), 2,  //
                        kNone, btf_info(BtfKind::struct_type, 1), 8, kA, 1, 0}),
              HasSubstr(text));
}

TEST(BtfShape, a_struct_with_a_name_may_point_to_itself) {
  EXPECT_EQ(error_of({kA, btf_info(BtfKind::struct_type, 1), 8, kA, 2, 0,  //
                      kNone, btf_info(BtfKind::ptr), 1}),
            "");
  // Or have a function that takes it by way of a typedef.
  EXPECT_EQ(error_of({kA,    btf_info(BtfKind::struct_type, 1),
                      8,     kA,
                      2,     0,  //
                      kNone, btf_info(BtfKind::ptr),
                      3,  //
                      kNone, btf_info(BtfKind::func_proto, 1),
                      0,     kA,
                      4,  //
                      kA,    btf_info(BtfKind::typedef_type),
                      5,  //
                      kNone, btf_info(BtfKind::ptr),
                      1}),
            "");
}

TEST(BtfShape, depth_is_bounded) {
  const auto pointer = [](std::uint32_t to) { return Words{kNone, btf_info(BtfKind::ptr), to}; };
  const auto box = [](std::uint32_t of) {
    return Words{kA, btf_info(BtfKind::struct_type, 1), 4, kA, of, 0};
  };
  EXPECT_EQ(error_of(chain(127, pointer)), "");
  EXPECT_EQ(error_of(chain(128, pointer)), "BTF: type 129 is nested too deeply");
  EXPECT_EQ(error_of(chain(100'000, pointer)), "BTF: type 129 is nested too deeply");
  EXPECT_EQ(error_of(chain(127, box)), "");
  EXPECT_EQ(error_of(chain(100'000, box)), "BTF: type 129 is nested too deeply");
}

TEST(BtfShape, our_own_walk_is_bounded_too) {
  // Each points to the next one, so that the walk goes down from the first.
  Words types;
  for (std::uint32_t id = 1; id <= 100'000; ++id) {
    types.insert(types.end(), {kNone, btf_info(BtfKind::ptr), id == 100'000 ? 0 : id + 1});
  }
  EXPECT_THAT(error_of(types), HasSubstr("is nested too deeply"));
}

TEST(BtfShape, what_grows_with_every_level_is_refused) {
  // Two of the one before: 2^28 at the end, in 1 KB.
  const auto nameless = [](std::uint32_t of) {
    return Words{kNone, btf_info(BtfKind::struct_type, 2), 0, kA, of, 0, kA, of, 32};
  };
  const auto named = [](std::uint32_t of) {
    return Words{kA, btf_info(BtfKind::struct_type, 2), 0, kA, of, 0, kA, of, 32};
  };
  const auto function = [](std::uint32_t of) {
    return Words{kNone, btf_info(BtfKind::func_proto, 2), of, kA, of, kA, of};
  };
  EXPECT_EQ(error_of(chain(28, nameless)), "BTF: type 22 is too large when written out");
  EXPECT_EQ(error_of(chain(28, named)), "BTF: type 22 is too large when written out");
  EXPECT_EQ(error_of(chain(28, function)), "BTF: type 14 is too large when written out");
  EXPECT_EQ(error_of(chain(15, nameless)), "");
}

TEST(BtfShape, many_large_types_are_refused_together) {
  Words types = chain(18, [](std::uint32_t of) {
    return Words{kNone, btf_info(BtfKind::struct_type, 2), 0, kA, of, 0, kA, of, 32};
  });
  for (int i = 0; i < 200; ++i) types.insert(types.end(), {kNone, btf_info(BtfKind::ptr), 19});
  EXPECT_THAT(error_of(types), HasSubstr("and those before are too large when written out"));
}

TEST(BtfShape, a_header_is_not_made_of_what_was_not_accepted) {
  BpfCompiler compiler;
  const auto file = compiler.write("self.btf", btf_bytes({kNone, btf_info(BtfKind::ptr), 1}));
  const Result<std::string> header = vmlinux_header(file);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message, "'" + file.string() +
                                        "': BTF: type 1 is made of itself, without a name in "
                                        "between");
}

TEST(BtfShape, libbpf_writes_what_is_just_accepted) {
  BpfCompiler compiler;
  const auto types = chain(127, [](std::uint32_t to) {
    return Words{kNone, btf_info(BtfKind::ptr), to};
  });
  EXPECT_TRUE(vmlinux_header(compiler.write("deep.btf", btf_bytes(types))));
  const auto wide = chain(17, [](std::uint32_t of) {
    return Words{kNone, btf_info(BtfKind::struct_type, 2), 0, kA, of, 0, kA, of, 32};
  });
  EXPECT_TRUE(vmlinux_header(compiler.write("wide.btf", btf_bytes(wide))));
}

}  // namespace
}  // namespace bpfmatrix
