#include "elf/embedded.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string& object() {
  static BpfCompiler compiler;
  static const std::string bytes = bytes_of(compiler.object("everything"));
  return bytes;
}

TEST(Embedded, an_object_is_found_wherever_it_lies_in_a_program) {
  const std::string around = std::string(ELFMAG) + "text" + std::string(ELFMAG);
  const std::string program = around + object() + around + object().substr(0, 100);
  EXPECT_THAT(find_embedded_objects(program), ElementsAre(object()));
  EXPECT_THAT(find_embedded_objects(object()), ElementsAre(object()));
}

TEST(Embedded, each_content_counts_once) {
  std::string other = object();
  other[offsetof(Elf64_Ehdr, e_flags)] ^= 1;
  EXPECT_THAT(find_embedded_objects(object() + other + object()), ElementsAre(object(), other));
}

TEST(Embedded, what_is_no_whole_object_is_none) {
  EXPECT_THAT(find_embedded_objects(""), IsEmpty());
  EXPECT_THAT(find_embedded_objects(object().substr(0, object().size() - 1)), IsEmpty());
  std::string other = object();
  other[offsetof(Elf64_Ehdr, e_machine)] = EM_X86_64;
  EXPECT_THAT(find_embedded_objects(other), IsEmpty());
}

TEST(Embedded, any_bytes_stay_within_the_file) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = object();
    for (int k = 0; k < 4; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    for (const std::string_view found : find_embedded_objects(bytes)) {
      EXPECT_GE(found.data(), bytes.data());
      EXPECT_LE(found.data() + found.size(), bytes.data() + bytes.size());
    }
  }
}

}  // namespace
}  // namespace bpfmatrix
