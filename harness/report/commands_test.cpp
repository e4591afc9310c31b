#include "report/commands.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

Outcome outcome(const std::string& kernel = "debian-6.1-x86_64") {
  Outcome o;
  o.kernel.id = kernel;
  o.case_id = "ringbuf";
  o.cell = kernel + "/ringbuf/kernel/libbpf";
  o.btf_source = "kernel";
  o.loader = "libbpf";
  return o;
}

std::string again(const Outcome& o, const RunSpec& asked) { return RunAgain(&asked).command(o); }

TEST(Commands, a_path_or_name_is_one_word_whatever_is_in_it) {
  EXPECT_EQ(explain_command("runs/1", "k/c/kernel/libbpf"),
            "bpfmatrix explain runs/1 k/c/kernel/libbpf");
  EXPECT_EQ(explain_command("my run", "k/c/kernel/libbpf", "a;b"),
            "bpfmatrix explain 'my run' k/c/kernel/libbpf --log 'a;b'");
  EXPECT_EQ(explain_command("-r", "$(reboot)"), "bpfmatrix explain ./-r '$(reboot)'");
}

TEST(Commands, a_case_of_the_suite_is_run_again_by_its_name) {
  const std::string plain =
      "bpfmatrix run --kernel debian-6.1-x86_64 --case ringbuf --btf kernel --loader libbpf";
  EXPECT_EQ(RunAgain(nullptr).command(outcome()), plain);
  EXPECT_EQ(again(outcome(), {.options = RunOptions{}}), plain) << "what is usual is left out";
}

TEST(Commands, options_that_mattered_are_in_it) {
  const RunSpec asked{.options = RunOptions{.accel = "tcg",
                                            .cell_timeout_s = 7,
                                            .boot_timeout_s = 120,
                                            .cache = false,
                                            .isolation = "kernel"}};
  EXPECT_EQ(again(outcome(), asked),
            "bpfmatrix run --kernel debian-6.1-x86_64 --case ringbuf --btf kernel --loader libbpf "
            "--accel tcg --cell-timeout 7 --isolation kernel --no-cache");
  Outcome checked = outcome();
  checked.vm.cold_checked = true;
  EXPECT_TRUE(
      again(checked, {.options = RunOptions{.cold_check = 50}}).ends_with(" --cold-check 1"));
}

TEST(Commands, objects_and_kernels_that_were_given_by_path_are_named_by_it) {
  Outcome own = outcome("local-my_kernel-0123456789ab");
  own.case_id = "prog.bpf";
  const RunSpec asked{.matrix = {.kernels = {"debian-*", "/k/vmlinuz", "/k/my kernel"}},
                      .objects = {"/o/other.bpf.o", "/o/prog.bpf.o"}};
  EXPECT_EQ(again(own, asked),
            "bpfmatrix run --kernel '/k/my kernel' --object /o/prog.bpf.o --btf kernel --loader "
            "libbpf");
  own.object.path = "/o/prog.bpf.o";
  EXPECT_EQ(RunAgain(nullptr).command(own),
            "bpfmatrix run --kernel local-my_kernel-0123456789ab --object /o/prog.bpf.o --btf "
            "kernel --loader libbpf");
}

TEST(Commands, an_application_comes_with_all_that_it_was_given) {
  Outcome o = outcome();
  o.loader = "app";
  o.app = {.path = "/a/app-{arch}"};
  RunSpec asked{.matrix = {.apps = {{.name = "other", .path = "/a/other"},
                                    {.name = "app",
                                     .path = "/a/app-{arch}",
                                     .arguments = {"--name", "it's", "{object}"},
                                     .environment = {{"A", "x y"}, {"B", ""}},
                                     .quiet_ms = 900}}}};
  EXPECT_EQ(again(o, asked),
            "bpfmatrix run --kernel debian-6.1-x86_64 --case ringbuf --btf kernel --loader "
            "'/a/app-{arch}' --loader-args '--name it'\\''s {object}' --loader-env 'A=x y' "
            "--loader-env B= --loader-quiet 900");
  asked.matrix.apps[1] = {.name = "app", .path = "/a/app", .arguments = {}};
  EXPECT_TRUE(again(o, asked).ends_with("--loader /a/app --loader-args ''")) << again(o, asked);
  asked.matrix.apps[1].arguments = {"{object}"};
  EXPECT_TRUE(again(o, asked).ends_with("--loader /a/app"));
}

TEST(Commands, btf_that_was_handed_over_is_in_it_where_it_was_for_this_kernel) {
  Outcome o = outcome();
  o.btf_source = "embedded";
  o.embedded = {.origin = EmbeddedOrigin::file};
  const RunSpec asked{.matrix = {.btf_files = {{"debian-5.10-*", "/b/510"},
                                               {"debian-6.*", "/b/other", "other"},
                                               {"debian-6.*", "/b/a=b"}}}};
  EXPECT_EQ(again(o, asked),
            "bpfmatrix run --kernel debian-6.1-x86_64 --case ringbuf --btf embedded --btf-file "
            "/b/a=b --loader libbpf");
  EXPECT_EQ(RunAgain(nullptr).command(o),
            "bpfmatrix run --kernel debian-6.1-x86_64 --case ringbuf --btf embedded --btf-file "
            "FILE --loader libbpf");
}

TEST(Commands, what_a_project_says_is_said_by_naming_it) {
  Outcome own = outcome();
  own.case_id = "prog.bpf";
  RunSpec asked{.objects = {"/p/build/prog.bpf.o"}};
  asked.matrix.project = Project{"/p/bpfmatrix.json", "/p", {}};
  EXPECT_EQ(again(own, asked),
            "bpfmatrix run /p/bpfmatrix.json --kernel debian-6.1-x86_64 --case prog.bpf --btf "
            "kernel --loader libbpf");
  asked.objects = {"/p/prog.bpf.c"};
  asked.matrix.project = Project{"", "/p", {{"prog.bpf", {{"cflags", {"-DX", "-DY"}}}}}};
  EXPECT_EQ(again(own, asked),
            "bpfmatrix run --kernel debian-6.1-x86_64 --object /p/prog.bpf.c --cflags "
            "'-DX -DY' --btf kernel --loader libbpf");
}

}  // namespace
}  // namespace bpfmatrix
