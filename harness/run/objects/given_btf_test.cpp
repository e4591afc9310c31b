#include "run/objects/given_btf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "elf/elf_file.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

/// Registers as x86_64 has them, and two functions.
constexpr const char* kSource = R"(
struct pt_regs { unsigned long r15; unsigned long r14; unsigned long ip; } regs;
int one(void) { return 1; }
int two(void) { return 2; }
)";

class GivenBtfTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto source = compiler_.write("given.c", kSource);
    compiler_.run(
        {"clang", "-g", "-O1", "-target", "bpf", "-c", source.string(), "-o", path("given.o")});
    const auto elf = ElfFile::parse(bytes_of(path("given.o")));
    btf_ = elf->section(".BTF")->bytes;
    compiler_.write("x86.btf", btf_);
  }

  std::string path(const std::string& name) const {
    return (compiler_.directory() / name).string();
  }

  static Plan plan() {
    Plan plan;
    plan.cells.push_back({{"old-x86_64", Arch::x86_64}, "case", BtfSource::embedded, "libbpf"});
    plan.cells.push_back({{"new-x86_64", Arch::x86_64}, "case", BtfSource::embedded, "libbpf"});
    plan.cells.push_back({{"old-aarch64", Arch::aarch64}, "case", BtfSource::embedded, "libbpf"});
    return plan;
  }

  /// The error's message.
  static std::string refusal(const std::vector<BtfFile>& files) {
    const auto given = find_given_btf(files, {}, plan(), Store("/nonexistent"));
    return given ? "" : given.error().message;
  }

  /// The same with another name in it.
  std::string other_btf() const {
    std::string other = btf_;
    other.replace(other.rfind("two"), 3, "too");
    return other;
  }

  BpfCompiler compiler_{};
  std::string btf_{};
};

TEST_F(GivenBtfTest, a_file_is_for_the_kernels_that_its_glob_names) {
  const auto given =
      find_given_btf({{"*-x86_64", path("x86.btf")}}, {}, plan(), Store("/nonexistent"));
  ASSERT_TRUE(given) << given.error().message;
  ASSERT_EQ(given->size(), 2U);
  EXPECT_EQ(given->at({"old-x86_64", "case"}).sha256, sha256_hex(btf_));
  EXPECT_EQ(given->at({"old-x86_64", "case"}).bytes, btf_.size());
}

TEST_F(GivenBtfTest, one_out_of_an_elf_file_is_its_section_kept_in_the_store) {
  const Store store(compiler_.directory() / "store");
  const auto given = find_given_btf({{"*-x86_64", path("given.o")}}, {}, plan(), store);
  ASSERT_TRUE(given) << given.error().message;
  const KernelBtf& btf = given->at({"new-x86_64", "case"});
  EXPECT_EQ(bytes_of(btf.file), btf_);
  EXPECT_EQ(btf.sha256, sha256_hex(btf_));
  compiler_.write("plain.c", "int x;");
  compiler_.run({"clang", "-target", "bpf", "-c", path("plain.c"), "-o", path("plain.o")});
  EXPECT_THAT(refusal({{"*-x86_64", path("plain.o")}}), HasSubstr("without a section .BTF"));
}

TEST_F(GivenBtfTest,
       one_that_names_the_object_counts_before_one_for_all_and_that_before_the_cases) {
  compiler_.write("other.btf", other_btf());
  CaseSpec spec;
  spec.id = "case";
  spec.btf_files = {{"*-x86_64", path("x86.btf"), {}}, {"never-*", path("absent.btf"), {}}};
  const Store store("/nonexistent");
  const auto sha256_with = [&](const std::vector<BtfFile>& files) {
    const auto given = find_given_btf(files, {{"case", spec}}, plan(), store);
    EXPECT_TRUE(given) << given.error().message;
    return given ? given->at({"old-x86_64", "case"}).sha256 : "";
  };
  EXPECT_EQ(sha256_with({}), sha256_hex(btf_));
  EXPECT_EQ(sha256_with({{"old-x86_64", path("other.btf")}}), sha256_hex(other_btf()));
  EXPECT_EQ(sha256_with({{"old-x86_64", path("other.btf")}, {"old-x86*", path("x86.btf"), "cas*"}}),
            sha256_hex(btf_));
  EXPECT_THAT(refusal({{"old-x86_64", path("x86.btf"), "nobody"}}),
              HasSubstr("no such kernel with such a case"));
}

TEST_F(GivenBtfTest, a_kernel_has_it_for_that_case_alone) {
  Kernel kernel;
  kernel.id = "old-x86_64";
  KernelForCases kernels{Result<Kernel>(kernel)};
  kernels.take({{{"old-x86_64", "case"}, {path("x86.btf"), 3, "hash"}},
                {{"other-x86_64", "all"}, {path("x86.btf"), 3, "hash"}}});
  EXPECT_EQ(kernels.of("case")->given_btf->sha256, "hash");
  EXPECT_FALSE(kernels.of("all")->given_btf);
  EXPECT_FALSE(kernels.plain()->given_btf);
  EXPECT_EQ(kernels.given().size(), 1U);
}

TEST_F(GivenBtfTest, that_of_another_architecture_is_refused) {
  EXPECT_THAT(refusal({{"*", path("x86.btf")}}),
              AllOf(HasSubstr("x86_64"), HasSubstr("'old-aarch64' is for aarch64")));
}

TEST_F(GivenBtfTest, a_truncated_one_is_refused) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{23}, btf_.size() - 1}) {
    compiler_.write("cut.btf", btf_.substr(0, length));
    EXPECT_THAT(refusal({{"old-x86_64", path("cut.btf")}}), HasSubstr("cut.btf")) << length;
  }
}

TEST_F(GivenBtfTest, what_is_for_no_kernel_or_is_the_second_for_one_is_refused) {
  EXPECT_THAT(refusal({{"older-*", path("x86.btf")}}), HasSubstr("no such kernel"));
  compiler_.write("other.btf", other_btf());
  EXPECT_THAT(refusal({{"old-x86_64", path("x86.btf")}, {"*-x86_64", path("other.btf")}}),
              HasSubstr("BTF for 'case' on 'old-x86_64' was already given"));
  EXPECT_THAT(refusal({{"*", path("absent.btf")}}), HasSubstr("absent.btf"));
}

TEST_F(GivenBtfTest, its_functions_are_counted_among_the_kernels_whatever_the_compiler_added) {
  const KernelBtf btf{path("x86.btf"), btf_.size(), sha256_hex(btf_)};
  KernelSymbols symbols;
  EXPECT_EQ(share_in_kernel(btf, symbols), std::nullopt) << "nobody knows its symbols";
  symbols.add(SymbolList::btf, {"two"});
  symbols.add(SymbolList::kallsyms, {"one.isra.0", "onerous"});
  const auto share = share_in_kernel(btf, symbols);
  ASSERT_TRUE(share);
  EXPECT_EQ(share->compared, 2U);
  EXPECT_EQ(share->alike, 1U);
}

TEST(BtfFileText, is_a_path_with_or_without_a_glob_before_it) {
  EXPECT_EQ(parse_btf_file("small.btf").kernels, "*");
  EXPECT_EQ(parse_btf_file("small.btf").path, "small.btf");
  EXPECT_EQ(parse_btf_file("linux-5.1-*=a=b.btf").kernels, "linux-5.1-*");
  EXPECT_EQ(parse_btf_file("linux-5.1-*=a=b.btf").path, "a=b.btf");
  EXPECT_EQ(parse_btf_file("dir/a=b.btf").path, "dir/a=b.btf");
  EXPECT_EQ(parse_btf_file("exec*:linux-*=x.btf").cases, "exec*");
  EXPECT_EQ(parse_btf_file("exec*:linux-*=x.btf").kernels, "linux-*");
}

}  // namespace
}  // namespace bpfmatrix
