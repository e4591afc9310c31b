#include <gtest/gtest.h>

#include "base/hostile_test_support.h"
#include "report/formats.h"

namespace bpfmatrix {
namespace {

ReportCell cell_on(const std::string& kernel, std::vector<ReportProgram> programs) {
  return {.cell = kernel + "/opensnoop/kernel/opensnoop",
          .case_id = "opensnoop",
          .kernel = kernel,
          .btf = "kernel",
          .loader = "opensnoop",
          .end = End::completed,
          .programs = std::move(programs)};
}

TEST(Variants, kernels_that_take_the_same_programs_stand_together_and_others_say_why_not) {
  ReportCell lost = cell_on("e", {});
  lost.verdict = Verdict::unavailable;
  const ReportView view{
      .cells = {cell_on("a", {{.name = "fentry_open", .sign = Sign::failed, .sentence = "no BTF"},
                              {.name = "kprobe_open", .sign = Sign::attached}}),
                cell_on("b", {{.name = "fentry_open", .sign = Sign::attached},
                              {.name = "kprobe_open", .sign = Sign::not_tried}}),
                cell_on("c", {{.name = "fentry_open", .sign = Sign::not_fired},
                              {.name = "kprobe_open", .sign = Sign::not_tried}}),
                cell_on("d", {}), lost}};
  EXPECT_EQ(render_variants(view),
            "opensnoop (BTF kernel): 3 variants\n"
            "  b, c\n"
            "    takes fentry_open\n"
            "    not kprobe_open: not tried\n"
            "  d\n"
            "    takes none of its programs\n"
            "    not fentry_open: not brought here\n"
            "    not kprobe_open: not brought here\n"
            "  a\n"
            "    takes kprobe_open\n"
            "    not fentry_open: failed: no BTF\n"
            "  not known on e\n");
}

TEST(Variants, hostile_text_stays_text) {
  ReportCell bad =
      cell_on(kHostile, {{.name = kHostile, .sign = Sign::failed, .sentence = kHostile}});
  bad.case_id = bad.loader = kHostile;
  std::string text = render_variants({.cells = {bad}});
  for (char& c : text) c = c == '\n' ? ' ' : c;
  expect_printable(text);
}

}  // namespace
}  // namespace bpfmatrix
