#include "guest/loader/app/observed_map.h"

#include <gtest/gtest.h>

#include <memory>

namespace bpfmatrix::guest {
namespace {

struct FreeMap {
  void operator()(btf* types) const { btf__free(types); }
};
using TestTypes = std::unique_ptr<btf, FreeMap>;

/// A map as clang describes it: `struct { int *key; TYPE *value; } NAME SEC(".maps")`. Ids: 1 int,
/// 2 struct observed, 3 and 4 pointers to them, 5 the definition, 6 the variable, 7 the section.
TestTypes object_types(const char* map, const char* value_member) {
  TestTypes types(btf__new_empty());
  btf__add_int(types.get(), "int", 4, BTF_INT_SIGNED);
  btf__add_struct(types.get(), "observed", 4);
  btf__add_field(types.get(), "hits", 1, 0, 0);
  btf__add_ptr(types.get(), 1);
  btf__add_ptr(types.get(), 2);
  btf__add_struct(types.get(), nullptr, 16);
  btf__add_field(types.get(), "key", 3, 0, 0);
  btf__add_field(types.get(), value_member, 4, 64, 0);
  btf__add_var(types.get(), map, BTF_VAR_GLOBAL_ALLOCATED, 5);
  btf__add_datasec(types.get(), ".maps", 16);
  btf__add_datasec_var_info(types.get(), 6, 0, 16);
  return types;
}

TEST(ObservedMap, the_type_of_its_values_is_in_the_objects_section_of_maps) {
  const TestTypes types = object_types("observed", "value");
  EXPECT_EQ(map_value_type(types.get(), "observed"), 2U);
  EXPECT_EQ(map_value_type(types.get(), "other"), 0U);
}

TEST(ObservedMap, without_a_description_there_is_no_type) {
  EXPECT_EQ(map_value_type(object_types("observed", "max_entries").get(), "observed"), 0U);
  EXPECT_EQ(map_value_type(TestTypes(btf__new_empty()).get(), "observed"), 0U);
}

}  // namespace
}  // namespace bpfmatrix::guest
