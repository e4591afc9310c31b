#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "base/gzip.h"
#include "base/hostile_test_support.h"
#include "base/sha256.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                    reinterpret_cast<const unsigned char*>(text.data()),
                    static_cast<int>(text.size()));
  if (text.ends_with("==")) bytes.pop_back();
  if (text.ends_with("=")) bytes.pop_back();
  return bytes;
}

std::string between(const std::string& page, const std::string& before, const std::string& after) {
  const std::size_t begin = page.find(before) + before.size();
  return page.substr(begin, page.find(after, begin) - begin);
}

/// What a browser has of the page.
struct Page {
  explicit Page(const std::string& html) {
    std::string data = between(html, "id=\"data\">\n", "\n</script>");
    while (!data.empty()) {
      const std::size_t end = std::min(data.find('\n'), data.size());
      lines.push_back(*gunzip(from_base64(data.substr(0, end)), 1 << 20));
      data.erase(0, end + 1);
    }
    head = Json::parse(lines.at(0));
  }
  const std::string& column(const std::string& name) const {
    for (const Json& one : head["columns"]) {
      if (one["name"] == name) return lines.at(one["line"].get<std::size_t>());
    }
    throw std::runtime_error("no column " + name);
  }
  /// By names, as a reader finds it.
  std::size_t field(const std::string& program, const std::string& kernel) const {
    std::size_t row = 0;
    while (text(head["rows"]["program"].at(row)) != program) ++row;
    std::size_t at = 0;
    while (head["kernels"].at(at)["id"] != kernel) ++at;
    return row * head["kernels"].size() + at;
  }
  std::string text(const Json& index) const { return head["texts"][index.get<std::size_t>()]; }
  std::string sign(const std::string& program, const std::string& kernel) const {
    const auto code = static_cast<unsigned char>(column("sign").at(field(program, kernel)));
    return code == 255 ? "absent" : head["signs"][code][0].get<std::string>();
  }
  std::string verdict(const std::string& program, const std::string& kernel) const {
    return head["verdicts"][static_cast<std::size_t>(column("verdict").at(field(program, kernel)))];
  }
  std::uint32_t number(const std::string& name, const std::string& program,
                       const std::string& kernel) const {
    std::uint32_t value = 0;
    const std::string& bytes = column(name);
    for (std::size_t i = 4; i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(bytes.at(4 * field(program, kernel) + i));
    return value;
  }
  std::vector<std::string> lines{};
  Json head{};
};

ReportCell cell(const std::string& kernel, std::vector<ReportProgram> programs,
                Verdict verdict = Verdict::as_expected) {
  return {.cell = kernel + "/probes/kernel/libbpf",
          .case_id = "probes",
          .kernel = kernel,
          .arch = "x86_64",
          .btf = "kernel",
          .loader = "libbpf",
          .verdict = verdict,
          .end = End::completed,
          .programs = std::move(programs)};
}

Outcome html_outcome(const std::string& kernel) {
  Outcome o;
  o.cell = kernel + "/probes/kernel/libbpf";
  o.case_id = "probes";
  o.kernel.id = kernel;
  o.kernel.release = "5.10.0-32-cloud";
  o.kernel.arch = "x86_64";
  o.end = End::completed;
  return o;
}

Page page_of(const std::vector<ReportCell>& cells, std::vector<RootCause> roots = {}) {
  HtmlReport report({}, nullptr, nullptr);
  for (const ReportCell& one : cells) report.add(one, nullptr);
  return Page(report.finish({.run_dir = "run", .roots = std::move(roots)}));
}

TEST(Html, each_field_has_the_sign_verdict_and_numbers_of_its_program) {
  const Page page =
      page_of({cell("debian-6.1-x86_64",
                    {{.name = "on_exec", .sign = Sign::attached, .stats = {.insns = 70'000}}}),
               cell("debian-5.10-x86_64",
                    {{.name = "on_exec", .sign = Sign::attached},
                     {.name = "on_loop",
                      .sign = Sign::failed,
                      .cause = "helper_unknown",
                      .troubles = {"failed"}}},
                    Verdict::regressed)});
  EXPECT_EQ(page.sign("on_exec", "debian-6.1-x86_64"), "attached");
  EXPECT_EQ(page.sign("on_loop", "debian-5.10-x86_64"), "failed");
  EXPECT_EQ(page.sign("on_loop", "debian-6.1-x86_64"), "absent");
  EXPECT_EQ(page.verdict("on_loop", "debian-5.10-x86_64"), "regressed");
  EXPECT_EQ(page.verdict("on_exec", "debian-5.10-x86_64"), "as_expected") << "it has no trouble";
  EXPECT_EQ(page.number("insns", "on_exec", "debian-6.1-x86_64"), 70'000U);
  EXPECT_EQ(page.number("insns", "on_loop", "debian-5.10-x86_64"), 0xffffffffU) << "not known";
  const auto cause = static_cast<std::size_t>(
      page.column("cause").at(page.field("on_loop", "debian-5.10-x86_64")));
  EXPECT_EQ(page.head["causes"][cause], "helper_unknown");
  EXPECT_EQ(page.head["kernels"][0]["id"], "debian-5.10-x86_64") << "the oldest first";
}

TEST(Html, an_object_that_failed_stands_for_the_programs_that_it_has_elsewhere) {
  const Page page = page_of(
      {cell("old", {{.sign = Sign::failed, .cause = "not_bpf"}}, Verdict::unexpected),
       cell("new", {{.name = "a", .sign = Sign::attached}, {.name = "b", .sign = Sign::loaded}})});
  EXPECT_THAT(page.head["rows"]["program"], SizeIs(2));
  EXPECT_EQ(page.sign("a", "old"), "failed");
  EXPECT_EQ(page.sign("b", "old"), "failed");
  EXPECT_EQ(page.verdict("b", "old"), "unexpected");
}

TEST(Html, a_root_cause_is_found_at_its_fields_only) {
  RootCause root;
  root.programs = {"probes:b"};
  root.cells = {"k/probes/kernel/libbpf"};
  const Page page =
      page_of({cell("k", {{.name = "a"}, {.name = "b"}}, Verdict::regressed)}, {root});
  EXPECT_EQ(page.column("root").at(2 * page.field("a", "k")), 0);
  EXPECT_EQ(page.column("root").at(2 * page.field("b", "k")), 1);
}

TEST(Html, what_only_the_baseline_has_is_beside_what_is_there) {
  HtmlReport report({.baseline = "baseline.txt"}, nullptr, nullptr);
  report.add(cell("k-6.1-x86_64", {{.name = "a", .sign = Sign::failed}}), nullptr);
  report.add_before("k-6.1-x86_64/probes/kernel/libbpf",
                    {{.program = "a", .sign = Sign::attached}});
  report.add_before("k-4.18-aarch64/probes/kernel/libbpf",
                    {{.program = "gone", .sign = Sign::loaded}});
  const Page page(report.finish({.run_dir = "run"}));
  const auto before = [&](const char* program, const char* kernel) {
    return static_cast<unsigned char>(page.column("before").at(page.field(program, kernel)));
  };
  EXPECT_EQ(before("a", "k-6.1-x86_64"), static_cast<int>(Sign::attached));
  EXPECT_EQ(before("gone", "k-4.18-aarch64"), static_cast<int>(Sign::loaded));
  EXPECT_EQ(before("gone", "k-6.1-x86_64"), 255);
  EXPECT_EQ(page.sign("gone", "k-4.18-aarch64"), "absent");
  EXPECT_EQ(page.head["kernels"][0]["arch"], "aarch64");
}

TEST(Html, the_story_of_a_cell_is_its_outcome_and_the_same_story_is_told_once) {
  HtmlReport report({}, nullptr, nullptr);
  for (const std::string kernel : {"a", "b"}) {
    Outcome o = html_outcome(kernel);
    o.vm.wall_ms = kernel == "a" ? 200 : 300;
    o.object.license = "GPL";
    report.add(cell(kernel, {{.name = "p"}}), &o);
  }
  const Page page(report.finish({.run_dir = "run"}));
  EXPECT_EQ(page.head["kernels"][0]["release"], "5.10.0-32-cloud");
  const Json stories = Json::parse(page.lines.at(page.head["stories"]["line"].get<std::size_t>()));
  // The command that runs it again names the kernel.
  ASSERT_THAT(stories, SizeIs(2));
  EXPECT_EQ(stories[0]["outcome"]["object"]["license"], "GPL");
  EXPECT_THAT(stories[0]["again"].get<std::string>(), StartsWith("bpfmatrix run --kernel a "));
  EXPECT_EQ(page.number("story", "p", "b"), 2U);
}

TEST(Html, the_page_is_the_same_in_whatever_order_cells_end) {
  const std::vector<ReportCell> cells{
      cell("k-6.1-x86_64", {{.name = "b", .cause = "license"},
                            {.name = "a", .section = "kprobe/__x64_sys_read", .advice = "do"}}),
      cell("k-5.10-x86_64",
           {{.name = "a", .section = "kprobe/sys_read", .cause = "memlock", .advice = "this"},
            {.name = "c"}}),
      cell("k-4.18-x86_64", {{.sign = Sign::failed}}, Verdict::regressed)};
  HtmlReport forward({}, nullptr, nullptr);
  HtmlReport backward({}, nullptr, nullptr);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (auto& [report, at] :
         {std::pair(&forward, i), std::pair(&backward, cells.size() - 1 - i)}) {
      const Outcome o = html_outcome(cells[at].kernel);
      report->add(cells[at], &o);
    }
  }
  EXPECT_EQ(forward.finish({}), backward.finish({}));
}

TEST(Html, stories_that_do_not_fit_are_left_out_first_those_of_what_is_as_expected) {
  HtmlReport report({.max_story_bytes = 0}, nullptr, nullptr);
  const Outcome o = html_outcome("k");
  report.add(cell("k", {{.name = "p"}}), &o);
  const Page page(report.finish({.run_dir = "run"}));
  EXPECT_EQ(page.number("story", "p", "k"), 0U);
}

TEST(Html, names_of_strangers_stay_data_and_are_made_visible) {
  const std::string name = "</script><script>alert(1)</script>" + kHostile;
  HtmlReport report({.baseline = name}, nullptr, nullptr);
  Outcome o = html_outcome("k");
  o.object.path = name;
  o.kernel.release = name;
  report.add(cell("k", {{.name = name, .section = name, .sentence = name, .troubles = {name}}}),
             &o);
  const std::string html = report.finish({.run_dir = name});
  EXPECT_THAT(html, Not(HasSubstr("alert(1)")));
  EXPECT_EQ(
      between(html, "id=\"data\">\n", "\n</script>")
          .find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n"),
      std::string::npos);
  const Page page(html);
  for (const Json& text : page.head["texts"]) expect_printable(text.get<std::string>());
  for (const std::string& line : page.lines) EXPECT_THAT(line, Not(HasSubstr("\xe2\x80\xae")));
}

TEST(Html, the_page_runs_its_own_script_and_loads_nothing) {
  const std::string html = html_page("");
  const std::string script = between(html, "</script>\n<script>", "</script>");
  EXPECT_THAT(script, HasSubstr("class Run"));
  std::string hash;
  const std::string hex = sha256_hex(script);
  for (std::size_t i = 0; i < hex.size(); i += 2)
    hash += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  EXPECT_THAT(html, HasSubstr("script-src 'sha256-" + base64(hash) + "'"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, Not(HasSubstr("@STYLE@")));
  EXPECT_THAT(html, Not(HasSubstr("innerHTML")));
}

}  // namespace
}  // namespace bpfmatrix
