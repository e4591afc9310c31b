#include "report/matrix_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/json_report.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;

Outcome outcome_on(const std::string& kernel, const std::string& release,
                   const std::string& arch = "x86_64") {
  Outcome o;
  o.cell = kernel + "/c/kernel/libbpf";
  o.kernel.id = kernel;
  o.kernel.release = release;
  o.kernel.arch = arch;
  o.case_id = "c";
  o.btf_source = "kernel";
  o.loader = "libbpf";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  return o;
}

ProgramOutcome program(StageResult load, StageResult attach) {
  ProgramOutcome p;
  p.name = "p";
  p.load.stage.result = load;
  p.attach.stage.result = attach;
  return p;
}

struct SignCase {
  StageResult load;
  StageResult attach;
  int skipped;
  End end;
  Sign sign;
};
constexpr auto kOk = StageResult::ok;
constexpr auto kNo = StageResult::failed;
constexpr auto kNot = StageResult::not_reached;
constexpr SignCase kSignCases[] = {
    {kOk, kOk, 0, End::completed, Sign::attached},
    {kOk, kNot, 0, End::completed, Sign::loaded},
    {kOk, kNo, 0, End::completed, Sign::attach_failed},
    {kNo, kNot, 0, End::completed, Sign::failed},
    {kNot, kNot, 0, End::completed, Sign::not_reached},
    // Loaded and attached is worth nothing when the offsets are the build host's.
    {kOk, kOk, 1, End::completed, Sign::loaded_skipped},
    // A record that is not whole never counts as a pass.
    {kOk, kOk, 0, End::hung, Sign::unknown},
    {kOk, kOk, 0, End::lost, Sign::unknown},
    {kOk, kOk, 0, End::panicked, Sign::panicked},
    {kNot, kNot, 0, End::unavailable, Sign::unknown},
};
TEST(MatrixView, a_probe_that_its_application_did_not_attach_is_no_pass) {
  Outcome o = outcome_on("k", "6.1.0");
  ProgramOutcome p;
  p.name = "p";
  p.section = "kprobe/do_nanosleep";
  p.load.stage.result = kOk;
  o.programs = {p};
  const auto sign = [&] {
    return make_matrix_view({o}).tables.at(0).rows.at(0).fields.at("k").sign;
  };
  EXPECT_EQ(sign(), Sign::loaded) << "with a loader of ours, which attaches what can be attached";
  o.app.emplace();
  EXPECT_EQ(sign(), Sign::not_attached);
  o.programs[0].section = "xdp";
  EXPECT_EQ(sign(), Sign::loaded);
}

TEST(MatrixView, a_sign_says_how_far_a_program_came) {
  for (const SignCase& row : kSignCases) {
    Outcome o = outcome_on("k", "6.1.0");
    o.end = row.end;
    o.relocate.skipped = row.skipped;
    o.programs = {program(row.load, row.attach)};
    EXPECT_EQ(make_field(o, &o.programs[0]).sign, row.sign)
        << to_string(row.sign) << " " << to_string(row.end);
  }
}

TEST(MatrixView, a_wrong_read_and_a_program_that_never_ran_have_signs_of_their_own) {
  Outcome o = outcome_on("k", "6.1.0");
  o.programs = {program(kOk, kOk)};
  o.programs[0].run.trigger = "standard";
  o.programs[0].run.fired = 0;
  EXPECT_EQ(make_field(o, &o.programs[0]).sign, Sign::not_fired);
  EXPECT_EQ(make_field(o, &o.programs[0]).words, "not fired");
  o.programs[0].run.fired = 1;
  EXPECT_EQ(make_field(o, &o.programs[0]).sign, Sign::attached);
  o.observed = {{"pid", Scalar(), Scalar(), ObservedResult::wrong},
                {"ppid", Scalar(), Scalar(), ObservedResult::wrong}};
  EXPECT_EQ(make_field(o, &o.programs[0]).sign, Sign::wrong_reads);
  EXPECT_EQ(make_field(o, &o.programs[0]).words, "wrong pid, ppid");
}

TEST(MatrixView, kernels_stand_in_the_order_of_their_age_and_archs_apart) {
  const MatrixView view = make_matrix_view(
      {outcome_on("b", "6.12.1"), outcome_on("a", "6.1.0"), outcome_on("c", "5.10.0", "aarch64")});
  ASSERT_EQ(view.tables.size(), 2U);
  EXPECT_EQ(view.tables[0].arch, "x86_64");
  EXPECT_THAT(view.tables[0].kernels, ElementsAre("a", "b"));
  EXPECT_THAT(view.tables[1].kernels, ElementsAre("c"));
}

TEST(MatrixView, an_object_refused_on_one_kernel_shows_in_the_rows_of_its_programs) {
  Outcome opened = outcome_on("new", "6.1.0");
  opened.programs = {program(kOk, kOk)};
  Outcome refused = outcome_on("old", "5.10.0");
  refused.open.result = kNo;
  const MatrixView view = make_matrix_view({opened, refused});
  ASSERT_EQ(view.tables[0].rows.size(), 1U);
  EXPECT_EQ(view.tables[0].rows[0].fields.at("old").sign, Sign::failed);
  EXPECT_EQ(view.counts.at(Sign::attached), 1);
  EXPECT_EQ(view.counts.at(Sign::failed), 1);
}

TEST(MatrixView, a_kernel_that_is_unavailable_is_a_hole_and_no_column) {
  Outcome gone = outcome_on("gone", "");
  gone.end = End::unavailable;
  gone.end_reason = "kernel 'gone': not built";
  Outcome other = gone;
  other.case_id = "d";
  const MatrixView view = make_matrix_view({gone, outcome_on("here", "6.1.0"), other});
  ASSERT_EQ(view.tables.size(), 1U);
  EXPECT_THAT(view.tables[0].kernels, ElementsAre("here"));
  EXPECT_FALSE(view.counts.contains(Sign::unknown));
  ASSERT_EQ(view.unavailable.size(), 1U);
  EXPECT_EQ(view.unavailable[0].kernel, "gone");
  EXPECT_EQ(view.unavailable[0].reason, "not built");
  EXPECT_EQ(view.unavailable[0].cells, 2);
  EXPECT_EQ(json_report(view, {}, {})["unavailable"][0]["cells"], 2);
}

TEST(MatrixView, a_cell_that_is_unavailable_on_a_kernel_that_is_there_keeps_its_field) {
  Outcome cell = outcome_on("k", "6.1.0");
  cell.end = End::unavailable;
  Outcome other = outcome_on("k", "6.1.0");
  other.case_id = "d";
  const MatrixView view = make_matrix_view({cell, other});
  EXPECT_TRUE(view.unavailable.empty());
  EXPECT_EQ(view.tables[0].rows[0].fields.at("k").sign, Sign::unknown);
}

TEST(MatrixView, json_names_every_field_and_counts_every_sign) {
  Outcome o = outcome_on("k", "6.1.0");
  o.programs = {program(kOk, kOk)};
  const OrderedJson json = json_report(make_matrix_view({o}), {}, {});
  EXPECT_EQ(json["fields"][0]["sign"], "attached");
  EXPECT_EQ(json["counts"].size(), std::size(kSignWords));
}

}  // namespace
}  // namespace bpfmatrix
