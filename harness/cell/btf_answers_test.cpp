#include "cell/btf_answers.h"

#include <gtest/gtest.h>

#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

constexpr std::string_view kSource = R"(
struct inner { int x; };
struct shape { int first; union { struct { char a; char b; } ; int whole; }; unsigned bit : 3; unsigned odd : 2; struct inner in; };
struct shape s;
__attribute__((section("xdp"), used)) int prog(void *ctx) { return s.first; }
__attribute__((noinline)) int rename_it(struct shape *from, int to) { return from->first + to; }
__attribute__((section("tc"), used)) int other(void *ctx) { return rename_it(&s, 1); }
)";

class BtfAnswersTest : public ::testing::Test {
 protected:
  std::optional<std::int64_t> ask(const char* text) const {
    const Result<BtfQuestion> question = parse_btf_question(text);
    EXPECT_TRUE(question) << text;
    return answer(*btf_, *question);
  }
  void SetUp() override {
    const auto source = compiler_.write("s.c", kSource);
    const auto object = compiler_.directory() / "s.o";
    compiler_.run(
        {"clang", "-target", "bpf", "-g", "-O2", "-c", source.string(), "-o", object.string()});
    const ElfFile elf = *ElfFile::parse(bytes_of(object));
    btf_.emplace(*Btf::parse(std::string(elf.section(".BTF")->bytes)));
  }
  BpfCompiler compiler_{};
  std::optional<Btf> btf_{};
};

TEST_F(BtfAnswersTest, places_counts_and_offsets_are_those_of_the_types) {
  EXPECT_EQ(ask("param_index(rename_it, to)"), 1);
  EXPECT_EQ(ask("param_count( rename_it )"), 2);
  EXPECT_EQ(ask("has_param(rename_it,from)"), 1);
  EXPECT_EQ(ask("has_param(rename_it, rd)"), 0);
  EXPECT_EQ(ask("offset_of(shape, b)"), 5);
  EXPECT_EQ(ask("offset_of(shape, in)"), 12);
  EXPECT_EQ(ask("has_field(shape, whole)"), 1);
  EXPECT_EQ(ask("has_field(shape, x)"), 0) << "a field of a named member is not the struct's own";
}

TEST_F(BtfAnswersTest, what_is_not_there_has_no_answer) {
  EXPECT_EQ(ask("param_index(rename_it, rd)"), std::nullopt);
  EXPECT_EQ(ask("param_count(nothing)"), std::nullopt);
  EXPECT_EQ(ask("offset_of(shape, nothing)"), std::nullopt);
  EXPECT_EQ(ask("offset_of(nothing, first)"), std::nullopt);
  EXPECT_EQ(ask("offset_of(shape, odd)"), std::nullopt) << "it begins within a byte";
  EXPECT_EQ(ask("has_field(nothing, first)"), 0);
}

TEST(BtfQuestion, that_is_none_is_refused) {
  for (const char* text : {"", "offset_of", "offset_of(a)", "offset_of(a,)", "param_count(a, b)",
                           "size_of(a, b)", "offset_of(a, b) ", "offset_of(a b)"})
    EXPECT_FALSE(parse_btf_question(text)) << text;
}

}  // namespace
}  // namespace bpfmatrix
