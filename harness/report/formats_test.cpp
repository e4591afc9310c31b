#include "report/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tinyxml2.h>

#include <map>
#include <set>

#include "base/hostile_test_support.h"
#include "base/text.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ReportCell cell(const std::string& kernel, Verdict verdict) {
  ReportCell cell{.cell = kernel + "/probes/kernel/libbpf",
                  .case_id = "probes",
                  .kernel = kernel,
                  .verdict = verdict,
                  .end = End::completed,
                  .wall_ms = 250};
  cell.programs = {{.name = "on_exec", .sign = Sign::attached}};
  return cell;
}

ReportCell regressed() {
  ReportCell bad = cell("k-5.10", Verdict::regressed);
  bad.fails = true;
  bad.programs.push_back({.name = "on_loop",
                          .sign = Sign::failed,
                          .cause = "helper_unknown",
                          .sentence = "helper unknown: 'bpf_loop#181'",
                          .source = SourceLine{5, "probes.bpf.c", 14, "bpf_loop(3, f, 0, 0);"},
                          .advice = "bpf_loop came in 5.17",
                          .stats = {.insns = 12, .states_total = 2},
                          .troubles = {"failed (helper_unknown), was attached"}});
  return bad;
}

ReportCell unavailable() {
  ReportCell gone = cell("k-4.18", Verdict::unavailable);
  gone.end = End::unavailable;
  gone.problem = "kernel 'k-4.18': not built";
  gone.programs = {{}};
  return gone;
}

RootCause root() {
  RootCause root;
  root.verdict = Verdict::regressed;
  root.what = "failed (helper_unknown), was attached";
  root.cause = "helper unknown: 'bpf_loop#181'";
  root.source = "src/probes.bpf.c:14";
  root.advice = "bpf_loop came in 5.17";
  root.programs = {"probes:on_loop"};
  root.kernels = {"k-5.10"};
  root.cells = {"k-5.10/probes/kernel/libbpf"};
  return root;
}

ReportView view_of(std::vector<ReportCell> cells) {
  ReportView view{.run_dir = "runs/1", .cells = std::move(cells)};
  for (const ReportCell& one : view.cells) {
    ++view.counts[one.verdict];
    if (one.fails) ++view.failing;
    if (!one.is_known() && !one.optional) ++view.not_known;
    view.kernels.push_back(one.kernel);
  }
  return view;
}

/// With hostile text wherever there can be text.
ReportView hostile_view() {
  ReportCell bad = regressed();
  for (std::string* text : {&bad.cell, &bad.case_id, &bad.kernel, &bad.problem}) *text = kHostile;
  bad.earlier_attempts = {{true, End::lost, kHostile}};
  ReportProgram& program = bad.programs.back();
  program = {.name = kHostile,
             .sign = Sign::failed,
             .cause = kHostile,
             .sentence = kHostile,
             .source = SourceLine{1, kHostile, 1, kHostile},
             .advice = kHostile,
             .troubles = {kHostile}};
  ReportCell lost = unavailable();
  lost.cell = lost.kernel = lost.problem = kHostile;
  ReportView view = view_of({bad, lost});
  view.kernels = {kHostile};
  RootCause cause = root();
  cause.what = cause.cause = cause.advice = kHostile;
  cause.source = std::string(kHostile) + ":1";
  cause.programs = cause.kernels = {kHostile};
  cause.cells = {kHostile};
  view.roots = {cause};
  view.run_dir = kHostile;
  return view;
}

TEST(Junit, a_program_that_is_worse_is_a_failure_and_what_is_not_known_an_error) {
  ReportCell optional = unavailable();
  optional.kernel = "k-3.0";
  optional.optional = true;
  const std::string text = render_junit(
      view_of({cell("k-6.1", Verdict::as_expected), regressed(), unavailable(), optional}));
  tinyxml2::XMLDocument xml;
  ASSERT_EQ(xml.Parse(text.c_str()), tinyxml2::XML_SUCCESS);
  const tinyxml2::XMLElement* suites = xml.FirstChildElement("testsuites");
  ASSERT_NE(suites, nullptr);
  EXPECT_EQ(suites->IntAttribute("tests"), 5);
  EXPECT_EQ(suites->IntAttribute("failures"), 1);
  EXPECT_EQ(suites->IntAttribute("errors"), 1);
  int skipped = 0;
  for (auto* suite = suites->FirstChildElement(); suite != nullptr;
       suite = suite->NextSiblingElement())
    skipped += suite->IntAttribute("skipped");
  EXPECT_EQ(skipped, 1);
  EXPECT_THAT(text, HasSubstr("<failure message=\"failed (helper_unknown), was attached\" "
                              "type=\"helper_unknown\">"));
  EXPECT_THAT(text, HasSubstr("cause: helper unknown: 'bpf_loop#181'\n"
                              "at: probes.bpf.c:14: bpf_loop(3, f, 0, 0);\n"
                              "advice: bpf_loop came in 5.17\n"));
  EXPECT_THAT(text, HasSubstr("<error message=\"kernel &apos;k-4.18&apos;: not built\""));
  EXPECT_THAT(text, HasSubstr("<skipped message="));
}

TEST(Junit, attempts_that_did_not_count_are_flaky_or_reruns) {
  ReportCell good = cell("k-6.1", Verdict::as_expected);
  good.earlier_attempts = {{true, End::lost, "the channel closed"}};
  ReportCell lost = unavailable();
  lost.earlier_attempts = good.earlier_attempts;
  const std::string text = render_junit(view_of({good, lost}));
  EXPECT_THAT(text, HasSubstr("<flakyError message=\"the channel closed\" type=\"lost\">"));
  EXPECT_THAT(text, HasSubstr("<rerunError message=\"the channel closed\" type=\"lost\">"));
}

/// What the schema of Jenkins' xunit plugin knows (types/model/xsd/junit-10.xsd), as far as it is
/// written here; an unknown attribute makes it refuse the file.
const std::map<std::string, std::set<std::string>> kJunit{
    {"testsuites", {"name", "time", "tests", "failures", "errors"}},
    {"testsuite", {"name", "time", "tests", "failures", "errors", "skipped"}},
    {"testcase", {"name", "time", "classname"}},
    {"failure", {"message", "type"}},
    {"error", {"message", "type"}},
    {"skipped", {"message", "type"}},
    {"flakyError", {"message", "type"}},
    {"rerunError", {"message", "type"}},
};

void expect_known(const tinyxml2::XMLElement& element) {
  const auto known = kJunit.find(element.Name());
  ASSERT_NE(known, kJunit.end()) << element.Name();
  for (auto* attribute = element.FirstAttribute(); attribute != nullptr;
       attribute = attribute->Next())
    EXPECT_TRUE(known->second.contains(attribute->Name()))
        << element.Name() << " " << attribute->Name();
  for (auto* inner = element.FirstChildElement(); inner != nullptr;
       inner = inner->NextSiblingElement())
    expect_known(*inner);
}

TEST(Junit, has_only_what_the_common_schema_knows) {
  ReportCell flaky = regressed();
  flaky.earlier_attempts = {{true, End::lost, "the channel closed"}};
  ReportCell optional = unavailable();
  optional.optional = true;
  ReportCell lost = unavailable();
  lost.earlier_attempts = flaky.earlier_attempts;
  tinyxml2::XMLDocument xml;
  ASSERT_EQ(xml.Parse(render_junit(view_of({flaky, optional, lost})).c_str()),
            tinyxml2::XML_SUCCESS);
  expect_known(*xml.RootElement());
}

TEST(Junit, hostile_text_stays_text) {
  const std::string text = render_junit(hostile_view());
  tinyxml2::XMLDocument xml;
  EXPECT_EQ(xml.Parse(text.c_str()), tinyxml2::XML_SUCCESS);
  expect_printable(text);
}

TEST(Markdown, says_the_verdict_in_its_first_line) {
  const auto headline = [](const ReportView& view) {
    return std::string(first_line(render_markdown(view)));
  };
  EXPECT_EQ(headline(view_of({cell("k", Verdict::as_expected)})),
            "✅ **bpfmatrix: as expected** on 1 kernel: 1 as&#95;expected");
  EXPECT_THAT(headline(view_of({regressed(), cell("k", Verdict::as_expected)})),
              StartsWith("❌ **bpfmatrix: not as it should be** on 2 kernels: "));
  EXPECT_THAT(headline(view_of({unavailable()})), StartsWith("⚠ "));
  EXPECT_THAT(headline(view_of({})), StartsWith("⚠ **bpfmatrix: nothing was run**"));
}

TEST(Markdown, a_root_cause_names_program_kernel_cause_source_and_advice) {
  ReportView view = view_of({regressed()});
  view.roots = {root()};
  EXPECT_THAT(
      render_markdown(view),
      HasSubstr(
          "- **regressed**: <code>probes&#58;on&#95;loop</code> on <code>k-5.10</code>: "
          "failed &#40;helper&#95;unknown&#41;, was attached; helper unknown&#58; "
          "'bpf&#95;loop&#35;<!-- -->181' (<code>src/probes.bpf.c&#58;14</code>); bpf&#95;loop "
          "came in 5.17\n"));
}

TEST(Markdown, never_is_longer_than_a_host_takes) {
  ReportView view = view_of({regressed()});
  for (int i = 0; i < 1000; ++i) {
    view.roots.push_back(root());
    view.roots.back().what += std::to_string(i);
  }
  const std::string text = render_markdown(view);
  EXPECT_LE(text.size(), kMaxCommentBytes);
  EXPECT_THAT(text, HasSubstr(" more, for which there is no room here\n"));
}

TEST(Markdown, hostile_text_stays_text) {
  ReportView view = hostile_view();
  view.roots[0].what = "@all <img src=x> [a](http://e) `x` | **b**\n# c www.e.org #1 a@b.c";
  const std::string text = render_markdown(view);
  expect_printable(text);
  EXPECT_THAT(text, HasSubstr("&#64;<!-- -->all"));
  EXPECT_THAT(text, HasSubstr("www&#46;e.org &#35;<!-- -->1 a&#64;<!-- -->b.c"));
  EXPECT_THAT(text, Not(HasSubstr("@all")));
  EXPECT_THAT(text, Not(HasSubstr("<img")));
  EXPECT_THAT(text, Not(HasSubstr("](http")));
  EXPECT_THAT(text, Not(HasSubstr("\n# c")));
}

TEST(Github, annotates_the_line_where_the_verifier_stood) {
  ReportView view = view_of({regressed()});
  view.roots = {root()};
  EXPECT_EQ(
      render_github(view),
      "::error file=src/probes.bpf.c,line=14,title=bpfmatrix%2C regressed::probes:on_loop on "
      "k-5.10: failed (helper_unknown), was attached; helper unknown: 'bpf_loop#181'; bpf_loop "
      "came in 5.17\n"
      "::notice title=bpfmatrix::1 regressed\n");
}

TEST(Github, no_text_begins_a_command_of_its_own) {
  ReportView view = hostile_view();
  view.roots[0].what = "100%\n::set-output name=x::y";
  view.roots[0].source = "a,line=1::b:7";
  const std::string text = render_github(view);
  expect_printable(text);
  EXPECT_THAT(text, HasSubstr("100%25\\x0a::set-output"));
  EXPECT_THAT(text, HasSubstr("file=a%2Cline=1%3A%3Ab,line=7,"));
}

TEST(Csv, has_the_columns_that_veristat_compares) {
  EXPECT_EQ(render_csv(view_of({regressed(), unavailable()})),
            "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states\n"
            "k-5.10/probes/kernel/libbpf,on_exec,success,0,0,0,0\n"
            "k-5.10/probes/kernel/libbpf,on_loop,failure,0,12,2,0\n");
}

TEST(Csv, a_name_is_one_field_whatever_is_in_it) {
  ReportView view = hostile_view();
  view.cells[0].programs.back().name = "a,b \"c\"";
  const std::string text = render_csv(view);
  expect_printable(text);
  const std::vector<std::string_view> lines = split(text, '\n');
  ASSERT_GT(lines.size(), 1U);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i)
    EXPECT_EQ(split(lines[i], ',').size(), 7U) << lines[i];
}

TEST(Costs, are_averages_of_cells_that_came_to_a_result) {
  const auto took = [](const std::string& kernel, const std::string& name, std::int64_t ms) {
    Outcome outcome;
    outcome.kernel.id = kernel;
    outcome.case_id = name;
    outcome.end = End::completed;
    outcome.vm.wall_ms = ms;
    return outcome;
  };
  Outcome lost = took("k2", "c1", 100'000);
  lost.end = End::lost;
  const std::vector<Outcome> outcomes{took("k1", "c1", 100), took("k1", "c2", 300),
                                      took("k2", "c2", 500), lost, took("k2", "recalled", 0)};
  EXPECT_EQ(*render_costs(cells_of(outcomes)),
            "{\n"
            " \"schema\": 1,\n"
            " \"boot_ms\": 4000,\n"
            " \"cell_ms\": 300,\n"
            " \"kernels\": {\n"
            "  \"k1\": 200,\n"
            "  \"k2\": 500\n"
            " },\n"
            " \"cases\": {\n"
            "  \"c1\": 100,\n"
            "  \"c2\": 400\n"
            " }\n"
            "}\n");
}

}  // namespace
}  // namespace bpfmatrix
