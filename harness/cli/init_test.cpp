// `init` in a repository as people have them: what it writes is what `run` takes.
#include <gmock/gmock.h>

#include "base/json.h"
#include "base/printable.h"
#include "cli/exit_code.h"
#include "cli/unavailable_world.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Init : public testing::Test {
 protected:
  Init() { fs::create_directories(repository_); }

  void put(const std::string& name, const std::string& bytes) const {
    fs::create_directories((repository_ / name).parent_path());
    ASSERT_TRUE(write_file(repository_ / name, bytes));
  }
  std::string object() {
    const std::string source = compiler_
                                   .write("p.c",
                                          "#define SEC(n) __attribute__((section(n), used))\n"
                                          "SEC(\"license\") char l[] = \"GPL\";\n"
                                          "SEC(\"socket\") int p(void *c) { return 0; }\n")
                                   .string();
    const std::string file = (compiler_.directory() / "p.o").string();
    compiler_.run({"clang", "-target", "bpf", "-O2", "-c", source, "-o", file});
    return *read_file(file, 1 << 20);
  }
  Json matrix() const {
    const auto text = read_file(repository_ / "bpfmatrix.json", 1 << 20);
    EXPECT_TRUE(text);
    const auto json = parse_json(text ? *text : "{}", "matrix");
    EXPECT_TRUE(json);
    return json ? *json : Json();
  }

  UnavailableWorld world_{};
  BpfCompiler compiler_{};
  fs::path repository_ = world_.path("repository");
};

TEST_F(Init, writes_a_matrix_that_run_takes_as_it_is) {
  put("src/exec.bpf.c", "");
  put("src/net.bpf.c", "");
  put(".output/exec.bpf.o", object());
  put("build/it's one.bpf.o", object());
  put("node_modules/x/other.bpf.o", object());
  put("broken.bpf.o", "no object");
  const Said said = world_.says({"init", repository_.string()});
  ASSERT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(said.out, (repository_ / "bpfmatrix.json").string() + ": 2 objects on 2 kernels\n");
  EXPECT_THAT(said.err, HasSubstr("left out: '" + (repository_ / "broken.bpf.o").string()));
  EXPECT_THAT(matrix()["objects"].get<std::vector<std::string>>(),
              ElementsAre(".output/exec.bpf.o", "build/it's one.bpf.o"));
  EXPECT_THAT(matrix()["kernels"].get<std::vector<std::string>>(),
              ElementsAre("no-network", "debian-6.1-x86_64"));
  EXPECT_EQ(matrix()["// sources without an object"], Json({"src/net.bpf.c"}));

  const Said plan = world_.says({"run", (repository_ / "bpfmatrix.json").string(), "--dry-run"});
  EXPECT_EQ(plan.exit_code, as_expected) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("no-network/exec.bpf/kernel/libbpf\n"));
  EXPECT_THAT(plan.err, HasSubstr("4 cells"));
}

TEST_F(Init, proposes_what_user_space_may_have_to_set_and_assumes_nothing) {
  const std::string source =
      compiler_
          .write("t.c",
                 "#define SEC(n) __attribute__((section(n), used))\n"
                 "SEC(\"license\") char l[] = \"GPL\";\n"
                 "struct { int (*type)[2]; int *key; int *value; } sized_later SEC(\".maps\");\n"
                 "SEC(\"fentry/do_open\") int fentry_open(void *c) { return 0; }\n"
                 "SEC(\"kprobe/do_open\") int kprobe_open(void *c) { return 0; }\n")
          .string();
  const std::string file = (compiler_.directory() / "t.o").string();
  compiler_.run({"clang", "-target", "bpf", "-g", "-O2", "-c", source, "-o", file});
  put("tool.bpf.o", *read_file(file, 1 << 20));
  const Said said = world_.says({"init", repository_.string()});
  ASSERT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_EQ(matrix()["objects"], Json({"tool.bpf.o"}));
  const Json proposed = matrix()["// proposed"][1][0];
  EXPECT_EQ(proposed["object"], "tool.bpf.o");
  EXPECT_EQ(proposed["one_of"], Json::parse(R"([["fentry_open","kprobe_open"]])"));
  EXPECT_EQ(proposed["maps"]["sized_later"]["max_entries"], "cpus");

  Json project = matrix();
  project["objects"] = {proposed};
  put("bpfmatrix.json", json_text(project));
  const Said plan = world_.says({"run", (repository_ / "bpfmatrix.json").string(), "--dry-run"});
  EXPECT_EQ(plan.exit_code, as_expected) << plan.err;
}

TEST_F(Init, what_a_project_says_of_a_program_that_is_not_there_is_a_slip) {
  put("a.bpf.o", object());
  put("b.bpf.o", object());
  const auto run = [&](const std::string& rest) {
    put("bpfmatrix.json",
        R"({"schema": 1, "kernels": ["*"], "objects": ["*.bpf.o"], )" + rest + "}");
    return world_.says({"run", (repository_ / "bpfmatrix.json").string(), "--dry-run"});
  };
  const Said slip = run(R"("autoload": {"q": false})");
  EXPECT_EQ(slip.exit_code, wrong_command);
  EXPECT_EQ(
      slip.err,
      "error: autoload: 'q' is no program of 'a.bpf', nor of any other object for which it is "
      "said\nhint: it has p\n");
  EXPECT_THAT(run(R"("attach": {"*x": false})").err,
              HasSubstr("error: attach: '*x' is no program"));
  EXPECT_EQ(run(R"("autoload": {"p*": false}, "attach": {"p": false})").exit_code, as_expected);
}

TEST_F(Init, of_two_objects_of_one_name_the_newer_is_taken) {
  put("old/exec.bpf.o", object());
  put("new/exec.bpf.o", object());
  fs::last_write_time(repository_ / "old/exec.bpf.o",
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  const Said said = world_.says({"init", repository_.string()});
  EXPECT_EQ(said.exit_code, as_expected) << said.err;
  EXPECT_THAT(matrix()["objects"].get<std::vector<std::string>>(), ElementsAre("new/exec.bpf.o"));
  EXPECT_THAT(said.err,
              HasSubstr("left out: 'old/exec.bpf.o': 'new/exec.bpf.o' has the same name"));
}

TEST_F(Init, never_overwrites) {
  put("exec.bpf.o", object());
  put("bpfmatrix.json", "mine");
  const Said said = world_.says({"init", repository_.string()});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err, HasSubstr("bpfmatrix.json': is there already"));
  EXPECT_EQ(*read_file(repository_ / "bpfmatrix.json", 100), "mine");
  fs::remove(repository_ / "bpfmatrix.json");
  fs::create_symlink("nowhere", repository_ / "bpfmatrix.json");
  EXPECT_EQ(world_.says({"init", repository_.string()}).exit_code, wrong_command);
}

TEST_F(Init, without_an_object_says_what_there_is_to_build) {
  put("src/exec.bpf.c", "");
  const Said said = world_.says({"init", repository_.string()});
  EXPECT_EQ(said.exit_code, wrong_command);
  EXPECT_THAT(said.err,
              HasSubstr("': no BPF object (*.bpf.o)\nhint: build the project first: there "
                        "are 1 sources (*.bpf.c), such as 'src/exec.bpf.c'\n"));
  EXPECT_FALSE(fs::exists(repository_ / "bpfmatrix.json"));
  EXPECT_EQ(world_.says({"init", world_.path("nowhere")}).exit_code, wrong_command);
}

}  // namespace
}  // namespace bpfmatrix
