// The reports `compat` and `badge`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tinyxml2.h>

#include "base/hostile_test_support.h"
#include "base/json.h"
#include "report/formats.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ReportCell cell(const std::string& kernel, Sign sign, const std::string& why = "") {
  ReportCell cell{.cell = kernel + "/probes/kernel/libbpf",
                  .case_id = "probes",
                  .kernel = kernel,
                  .btf = "kernel",
                  .loader = "libbpf",
                  .end = End::completed};
  cell.programs = {{.name = "on_exec", .sign = sign, .sentence = why}};
  if (sign == Sign::unknown) cell.verdict = Verdict::unavailable;
  return cell;
}

Json compat(std::vector<ReportCell> cells) {
  ReportView view;
  view.cells = std::move(cells);
  const Result<Json> json = parse_json(render_compat(view), "compat");
  EXPECT_TRUE(json);
  return json ? *json : Json();
}

/// What is said of on_exec on debian's kernels of x86_64: "5.10 no, 6.1 yes".
Json statements(const std::vector<std::pair<std::string, Sign>>& seen) {
  std::vector<ReportCell> cells;
  for (const auto& [version, sign] : seen)
    cells.push_back(
        cell("debian-" + version + "-x86_64", sign, sign == Sign::attached ? "" : "because"));
  return compat(cells)["programs"]["probes"]["on_exec"]["kernel/libbpf"]["__compat"]["support"]
                      ["debian-x86_64"];
}

TEST(Compat, a_program_works_since_the_oldest_kernel_and_says_why_not_before) {
  EXPECT_EQ(statements({{"5.10", Sign::failed}, {"6.1", Sign::attached}, {"7.x", Sign::attached}}),
            Json({{"version_added", "6.1"}, {"notes", "not on 5.10: because"}}));
}

TEST(Compat, where_nothing_older_is_known_it_may_be_older) {
  EXPECT_EQ(statements({{"5.10", Sign::attached}}), Json({{"version_added", "≤5.10"}}));
  EXPECT_EQ(statements({{"5.8", Sign::failed}, {"5.10", Sign::unknown}, {"6.1", Sign::attached}}),
            Json({{"version_added", "≤6.1"},
                  {"notes", {"not on 5.8: because", "not known on 5.10: because"}}}));
}

TEST(Compat, what_works_nowhere_is_false_and_what_is_not_known_null) {
  EXPECT_EQ(statements({{"5.8", Sign::failed}, {"5.10", Sign::wrong_reads}}),
            Json({{"version_added", false}, {"notes", "not on 5.8, 5.10: because"}}));
  EXPECT_EQ(statements({{"5.8", Sign::failed}, {"5.10", Sign::unknown}}),
            Json({{"version_added", nullptr},
                  {"notes", {"not on 5.8: because", "not known on 5.10: because"}}}));
}

TEST(Compat, a_hole_is_two_statements_the_newest_first) {
  EXPECT_EQ(statements({{"5.8", Sign::attached}, {"5.10", Sign::failed}, {"6.1", Sign::attached}}),
            Json({{{"version_added", "6.1"}, {"notes", "not on 5.10: because"}},
                  {{"version_added", "≤5.8"}, {"version_removed", "5.10"}}}));
  EXPECT_EQ(statements({{"5.8", Sign::attached}, {"5.10", Sign::failed}}),
            Json({{"version_added", "≤5.8"},
                  {"version_removed", "5.10"},
                  {"notes", "not on 5.10: because"}}));
}

TEST(Compat, names_every_series_with_its_kernels) {
  const Json json = compat({cell("debian-6.1-x86_64", Sign::attached),
                            cell("debian-6.1-aarch64", Sign::failed, "no"),
                            cell("linux-5.8-nobtf-x86_64", Sign::attached)});
  EXPECT_EQ(json["series"]["linux-nobtf-x86_64"],
            Json({{"name", "linux-nobtf"},
                  {"arch", "x86_64"},
                  {"releases", {{"5.8", {{"kernel", "linux-5.8-nobtf-x86_64"}}}}}}));
  EXPECT_EQ(json["series"].size(), 3U);
}

TEST(Compat, a_cell_without_an_outcome_is_not_known) {
  ReportCell missing = cell("debian-6.1-x86_64", Sign::unknown);
  missing.btf = missing.loader = "";
  missing.programs.clear();
  missing.problem = "planned, and has no outcome";
  const Json json = compat({missing});
  EXPECT_EQ(json["programs"]["probes"]["(object)"]["kernel/libbpf"]["__compat"]["support"]
                ["debian-x86_64"],
            Json({{"version_added", nullptr},
                  {"notes", "not known on 6.1: planned, and has no outcome"}}));
}

TEST(Compat, hostile_text_stays_text) {
  ReportCell bad = cell(kHostile, Sign::failed, kHostile);
  bad.programs[0].name = bad.case_id = bad.loader = kHostile;
  ReportView view{.cells = {bad}};
  const std::string text = render_compat(view);
  expect_printable(text);
  EXPECT_TRUE(parse_json(text, "compat"));
}

std::string badge(std::vector<ReportCell> cells, int failing = 0) {
  ReportView view{.cells = std::move(cells), .failing = failing};
  for (const ReportCell& one : view.cells) view.not_known += one.is_known() || one.optional ? 0 : 1;
  const std::string svg = render_badge(view);
  tinyxml2::XMLDocument xml;
  EXPECT_EQ(xml.Parse(svg.c_str()), tinyxml2::XML_SUCCESS) << svg;
  return svg;
}

constexpr const char* kGreenFill = "fill=\"#2e7d32\"";
constexpr const char* kYellowFill = "fill=\"#8a6d00\"";
constexpr const char* kRedFill = "fill=\"#c62828\"";
constexpr const char* kGreyFill = "fill=\"#616161\"";

TEST(Badge, counts_the_kernels_on_which_all_programs_work) {
  const ReportCell good = cell("debian-6.1-x86_64", Sign::attached);
  const ReportCell bad = cell("debian-5.10-x86_64", Sign::failed);
  const ReportCell lost = cell("debian-7.x-x86_64", Sign::unknown);
  EXPECT_THAT(badge({good}), HasSubstr("<title>bpf: 1 of 1 kernels</title>"));
  EXPECT_THAT(badge({good}), HasSubstr(kGreenFill));
  EXPECT_THAT(badge({good, bad}), HasSubstr("<title>bpf: 1 of 2 kernels</title>"));
  EXPECT_THAT(badge({good, bad}), HasSubstr(kYellowFill)) << "as expected";
  EXPECT_THAT(badge({good, bad}, 1), HasSubstr(kRedFill)) << "the gate fails";
  EXPECT_THAT(badge({bad}), HasSubstr(kRedFill));
  EXPECT_THAT(badge({good, lost}), HasSubstr("<title>bpf: 1 of 2 kernels, 1 not known</title>"));
  EXPECT_THAT(badge({good, lost}), HasSubstr(kGreyFill));
}

TEST(Badge, a_kernel_is_as_good_as_its_worst_program) {
  ReportCell both = cell("k", Sign::attached);
  both.programs.push_back({.name = "other", .sign = Sign::failed});
  EXPECT_THAT(badge({both, cell("k", Sign::attached)}), HasSubstr("0 of 1 kernels"));
}

TEST(Badge, what_decides_nothing_does_not_count_and_nothing_is_grey) {
  ReportCell optional = cell("k", Sign::failed);
  optional.optional = true;
  EXPECT_THAT(badge({optional, cell("l", Sign::attached)}), HasSubstr("1 of 1 kernels"));
  EXPECT_THAT(badge({}), HasSubstr("nothing was run"));
  EXPECT_THAT(badge({}), HasSubstr(kGreyFill));
  EXPECT_THAT(badge({}), Not(HasSubstr(kGreenFill)));
}

}  // namespace
}  // namespace bpfmatrix
