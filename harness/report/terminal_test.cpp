#include "report/terminal.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

MatrixView small_view() {
  Row bare{"connect-kprobe", "on_connect", "kernel", "libbpf", {}};
  bare.fields["debian-5.10-x86_64"] = {Sign::attach_failed, "no such symbol", "cell-1"};
  bare.fields["debian-6.1-x86_64"] = {Sign::attached, "", "cell-2"};
  Row ring{"ringbuf", "p", "kernel", "libbpf", {}};
  ring.fields["debian-6.1-x86_64"] = {Sign::failed, "a cause so long that no column can hold it",
                                      "cell-3"};
  return MatrixView{{{"x86_64", {"debian-5.10-x86_64", "debian-6.1-x86_64"}, {bare, ring}}},
                    {{Sign::attached, 1}, {Sign::attach_failed, 1}, {Sign::failed, 1}}};
}

TEST(Terminal, one_sign_and_one_short_cause_a_cell_and_a_legend) {
  EXPECT_EQ(render_terminal(small_view(), {.colour = false, .width = 60}),
            "x86_64          debian-5.10           debian-6.1\n"
            "connect-kprobe  △ no such symbol      ●\n"
            "ringbuf                               ✗ a cause so long th…\n"
            "\n"
            "●     1  loaded and attached\n"
            "△     1  loaded, attach failed\n"
            "✗     1  rejected by the verifier, or failed before\n");
}

TEST(Terminal, a_kernel_that_is_unavailable_is_one_line_below) {
  MatrixView view = small_view();
  view.unavailable = {{"linux-4.18-x86_64", "x86_64", "not built", 191},
                      {"k", "x86_64", "gone", 1}};
  const std::string text = render_terminal(view, {});
  EXPECT_TRUE(
      text.ends_with("✗     1  rejected by the verifier, or failed before\n"
                     "\n"
                     "unavailable kernels:\n"
                     "? linux-4.18-x86_64   191 cells  not built\n"
                     "? k                      1 cell  gone\n"))
      << text;
}

TEST(Terminal, colour_only_when_asked_for) {
  EXPECT_EQ(render_terminal(small_view(), {}).find('\033'), std::string::npos);
  EXPECT_NE(render_terminal(small_view(), {.colour = true}).find("\033[31m✗"), std::string::npos);
}

TEST(Terminal, the_btf_source_is_named_where_it_is_not_the_kernels_own) {
  MatrixView view = small_view();
  EXPECT_EQ(render_terminal(view, {}).find("[kernel]"), std::string::npos);
  view.tables[0].rows[1].btf = "none";
  EXPECT_NE(render_terminal(view, {}).find("ringbuf [none]"), std::string::npos);
}

TEST(Terminal, nothing_run_is_nothing_printed) { EXPECT_EQ(render_terminal({}, {}), ""); }

}  // namespace
}  // namespace bpfmatrix
