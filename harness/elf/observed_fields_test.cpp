#include "elf/observed_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string object(const char* name) {
  BpfCompiler compiler;
  const Result<std::string> bytes = read_file(compiler.object(name), 1 << 20);
  EXPECT_TRUE(bytes);
  return bytes ? *bytes : "";
}

TEST(ObservedFields, are_those_of_the_struct_in_its_order) {
  EXPECT_THAT(observed_fields(object("observed")), ElementsAre("hits", "pid", "fd__wrapped"));
}

TEST(ObservedFields, of_an_object_without_the_struct_are_none) {
  EXPECT_THAT(observed_fields(object("everything")), IsEmpty());
  EXPECT_THAT(observed_fields("no object at all"), IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix
