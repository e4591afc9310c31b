#include "report/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/golden_test_support.h"
#include "base/temp_dir.h"
#include "report/measured_test_support.h"

namespace bpfmatrix {
namespace {

constexpr std::string_view kBegin = "<!-- measured: written by ci/measure.sh -->\n";
constexpr std::string_view kEnd = "<!-- measured: end -->\n";

std::vector<Claim> claims() {
  const auto loaded = load_claims(BPFMATRIX_SOURCE_DIR "/cases/claims.json");
  EXPECT_TRUE(loaded) << loaded.error().message;
  return loaded ? *loaded : std::vector<Claim>{};
}

Outcome outcome(const std::string& kernel, const std::string& arch) {
  Outcome o;
  o.kernel.id = kernel;
  o.kernel.release = "6.1.0";
  o.kernel.arch = arch;
  o.case_id = "case";
  o.btf_source = "kernel";
  o.loader = "libbpf";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  o.relocate.stage.result = StageResult::ok;
  ProgramOutcome program;
  program.name = "p";
  program.load.stage.result = StageResult::ok;
  program.attach.stage.result = StageResult::ok;
  program.run.run_cnt = 2;
  o.programs = {program};
  return o;
}

TEST(Claims, a_row_has_an_answer_for_each_kernel) {
  Outcome refused = outcome("b", "x86_64");
  refused.programs[0].load.stage = {StageResult::failed, "EINVAL", ""};
  refused.programs[0].load.log_tail = "0: (85) call unknown#999\ninvalid func unknown#999";
  refused.programs[0].attach = {};
  Outcome lost = outcome("c", "x86_64");
  lost.end = End::lost;
  const std::vector<Claim> one{{7,
                                "it works",
                                {{"case", "kernel", "libbpf", "p", {"load", "attach", "run_cnt"}},
                                 {"case", "none", "libbpf", "p", {"load"}}}}};
  RunKernels nothing_known("nowhere");
  EXPECT_EQ(
      render_claims(one, {outcome("a", "x86_64"), refused, lost}, nothing_known),
      "| claim | case | a | b | c |\n"
      "|---|---|---|---|---|\n"
      "| 7. it works | case:p | attached, counted 2 | rejected: helper unknown | not conclusive |\n"
      "|  | case:p [none] | not run | not run | not run |\n");
}

TEST(Claims, an_answer_is_of_its_own_loader) {
  Outcome own = outcome("a", "x86_64");
  own.loader = "own";
  own.programs[0].attach = {};
  const std::vector<Claim> one{{7,
                                "it works",
                                {{"case", "kernel", "own", "p", {"load", "attach"}},
                                 {"case", "kernel", "libbpf", "p", {"load", "attach"}}}}};
  RunKernels nothing_known("nowhere");
  EXPECT_EQ(render_claims(one, {outcome("a", "x86_64"), own}, nothing_known),
            "| claim | case | a |\n"
            "|---|---|---|\n"
            "| 7. it works | case:p own | loaded, not reached |\n"
            "|  | case:p | attached |\n");
}

TEST(Claims, what_was_probed_in_the_kernel_is_an_answer_too) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(dir);
  KernelFacts facts;
  facts.probed["btf_kind"]["func"].answer = Ternary::yes;
  facts.probed["btf_kind"]["enum64"].answer = Ternary::no;
  facts.probed["behaviour"]["vmlinux_btf"].answer = Ternary::no;
  const PackedFacts packed = pack(facts);
  Outcome known = outcome("a", "x86_64");
  known.kernel.facts = packed.sha256;
  const auto file = kernel_facts_path(dir->path(), packed.sha256);
  std::filesystem::create_directories(file.parent_path());
  ASSERT_TRUE(write_file(file, packed.gzip));
  RunKernels kernels(dir->path());
  const std::vector<Claim> one{
      {8,
       "kinds",
       {{.case_id = "case",
         .program = "p",
         .fields = {"kernel.btf_kind", "kernel.vmlinux_btf", "kernel.bounded_loops"}}}}};
  EXPECT_THAT(render_claims(one, {known}, kernels),
              testing::HasSubstr("| btf_kind: all but enum64, vmlinux_btf: no, bounded_loops ? |"));
}

TEST(Claims, a_field_that_nothing_can_be_said_about_is_an_error) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(dir);
  const auto file = dir->path() / "claims.json";
  ASSERT_TRUE(write_file(file, R"({"schema":1,"claims":[{"id":1,"claim":"c","cases":["a"],
    "answers":[{"case":"a","fields":["laod"]}]}]})"));
  const auto loaded = load_claims(file);
  ASSERT_FALSE(loaded);
  EXPECT_TRUE(loaded.error().message.ends_with("key 'fields': unknown field 'laod'"))
      << loaded.error().message;
}

TEST(Claims, every_claim_is_there_once_and_has_answers) {
  std::set<int> ids;
  for (const Claim& claim : claims()) {
    EXPECT_TRUE(ids.insert(claim.id).second) << claim.id;
    EXPECT_FALSE(claim.answers.empty()) << claim.id;
  }
  EXPECT_GE(ids.size(), 20U);
}

/// The table in the documentation says what was measured, and nothing else.
TEST(Claims, the_table_in_docs_is_what_was_measured) {
  const std::filesystem::path file = BPFMATRIX_SOURCE_DIR "/docs/measured.md";
  Result<std::string> page = read_file(file, 1 << 20);
  ASSERT_TRUE(page);
  const std::size_t begin = page->find(kBegin);
  const std::size_t end = page->find(kEnd);
  ASSERT_LT(begin, end);
  ASSERT_NE(end, std::string::npos);
  RunKernels kernels(BPFMATRIX_SOURCE_DIR "/ci/measured");
  page->replace(begin + kBegin.size(), end - begin - kBegin.size(),
                render_claims(claims(), measured_outcomes(), kernels));
  expect_golden(file, *page);
}

}  // namespace
}  // namespace bpfmatrix
