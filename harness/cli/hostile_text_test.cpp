// Text as a stranger would send it, through the commands that need no machine: only printable text
// comes out, and nothing of it ends the program.
#include <gmock/gmock.h>

#include "base/hostile_test_support.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "cli/unavailable_world.h"
#include "elf/testing/hostile_object.h"
#include "kernels/kernel_record.h"
#include "kernels/store.h"
#include "kernels/testing/fake_archive.h"
#include "outcome/testing/full_outcome.h"
#include "run/run_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

/// As an argument and a file's name can be: no NUL, no slash.
const std::string kWord = "\x1b[2J\u009b1m\u202e\u2066\r\b\nforged \x7f\xff";

void expect_harmless(const Said& said) {
  EXPECT_NE(said.exit_code, our_bug) << said.err;
  EXPECT_NE(said.exit_code, -1) << said.err;
  for (const std::string* text : {&said.out, &said.err}) {
    expect_printable(*text);
    expect_no_forged_line(*text);
  }
}

class HostileCommand : public testing::Test {
 protected:
  Said says(const std::vector<std::string>& arguments) const {
    Said said = world_.says(arguments);
    expect_harmless(said);
    return said;
  }
  std::string put(const std::string& name, const std::string& bytes) const {
    fs::create_directories(fs::path(world_.path(name)).parent_path());
    EXPECT_TRUE(write_file(world_.path(name), bytes));
    return world_.path(name);
  }
  void put_run(const std::string& name, const std::vector<Outcome>& outcomes) const {
    RunSpec spec{.objects = {kHostile}};
    for (const Outcome& outcome : outcomes) spec.cells.push_back(outcome.cell);
    Result<RunDir> run = RunDir::create(world_.path(name), spec);
    ASSERT_TRUE(run) << run.error().message;
    for (const Outcome& outcome : outcomes) ASSERT_TRUE(run->append(outcome));
  }
  /// A fetched kernel in the store below `cache`, with this for each text of its record.
  fs::path put_kernel(const std::string& cache, const std::string& id, const std::string& text) {
    const Store store(fs::path(world_.path(cache)) / "bpfmatrix");
    EXPECT_TRUE(store.prepare());
    Result<TempDir> folder = store.temporary();
    Kernel kernel;
    kernel.id = id;
    kernel.release = text;
    kernel.image = folder->path() / "vmlinuz";
    kernel.image_sha256 = std::string(64, 'a');
    kernel.origin = {.kind = text,
                     .package = text,
                     .version = text,
                     .sha256 = std::string(64, 'b'),
                     .signed_by = text,
                     .chain = {text}};
    EXPECT_TRUE(write_file(kernel.image, "image"));
    EXPECT_TRUE(write_kernel_record(kernel, folder->path()));
    const auto tree = store.install(*std::move(folder), store.kernel_link(id));
    EXPECT_TRUE(tree) << tree.error().message;
    return tree ? *tree : fs::path();
  }

  UnavailableWorld world_{};
  BpfCompiler compiler_{};
};

TEST_F(HostileCommand, a_rejected_word_is_shown_escaped) {
  const std::vector<std::vector<std::string>> commands = {
      {"run", "--kernel", kWord},
      {"run", "--kernel", "gone-rpm", "--case", kWord},
      {"run", "--kernel", "gone-rpm", "--loader", "./" + kWord},
      {"run", "--kernel", "gone-rpm", "--btf", kWord},
      {"run", "--kernel", "gone-rpm", "--shard", kWord},
      {"run", "--kernel", "gone-rpm", "--accel", kWord},
      {"run", "--kernel", "gone-rpm", "--object", kWord},
      {"run", "--resume", kWord},
      {"run", "--" + kWord},
      {"explain", kWord, kWord},
      {"judge", kWord},
      {"derive", kWord},
      {"inspect", kWord},
      {"init", kWord},
      {"completion", kWord},
      {"cases", "list", "--dir", kWord},
      {"cases", "check", "--dir", kWord},
      {"kernels", "fetch", kWord},
      {"kernels", "show", kWord},
      {"kernels", "show", "./" + kWord},
      {"kernels", "add", kWord, "--image", kWord},
      {"kernels", "add", "k", "--archive", kWord},
      {"kernels", "btf", kWord, "-o", "-"},
      {"kernels", "build", kWord},
  };
  for (const std::vector<std::string>& command : commands) {
    const Said said = says(command);
    EXPECT_NE(said.exit_code, as_expected) << said.out;
    EXPECT_THAT(said.err, HasSubstr("\\x1b[2J\\u{9b}1m\\u{202e}")) << command[0];
  }
}

TEST_F(HostileCommand, a_path_that_cannot_be_is_no_bug_of_ours) {
  const std::vector<std::string> run{"run", "--kernel", "gone-rpm", "--case", "ringbuf"};
  for (const std::string& path : {std::string(300, 'x'), std::string("/proc/self/fd/none")}) {
    std::vector<std::vector<std::string>> commands = {
        {"run", "--kernel", "gone-rpm", "--object", path},
        {"run", "--resume", path},
        {"explain", path, "*"},
        {"judge", path},
        {"derive", path},
        {"inspect", path},
        {"cases", "list", "--dir", path},
        {"kernels", "list", "--store", path},
        {"kernels", "show", "./" + path},
        {"kernels", "add", "k", "--image", path},
        {"kernels", "add", "k", "--archive", path}};
    for (const char* option : {"--out", "--loader"}) {
      commands.push_back(run);
      commands.back().insert(commands.back().end(), {option, path + "/x"});
    }
    for (const std::vector<std::string>& command : commands) says(command);
  }
  says({"run", "--kernel", "gone-rpm", "--object", ""});
  says({"inspect", ""});
}

TEST_F(HostileCommand, a_strangers_run_is_explained_and_judged_in_printable_text) {
  std::vector<Outcome> outcomes(3, hostile_outcome(kHostile));
  outcomes[1].programs[0].load.stage.result = StageResult::failed;
  outcomes[2].end = End::lost;
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i].cell += std::to_string(i);
  put_run("run", outcomes);
  std::swap(outcomes[0].programs, outcomes[1].programs);
  put_run("other", outcomes);
  const std::string run = world_.path("run");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"explain", run, "*"},
                                             {"explain", run, "nothing-like-it"},
                                             {"judge", run},
                                             {"judge", run, "--same-as", world_.path("other")}}) {
    EXPECT_NE(says(command).out + says(command).err, "");
  }
  EXPECT_THAT(says({"explain", run, "*"}).out, HasSubstr("\\x1b[31m\\x1b]8;;http://e\\x07\\u{9b}"));
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"judge", run, "--json"}, {"explain", run, "*", "--json"}}) {
    const std::string json = says(command).out;
    EXPECT_THAT(json, HasSubstr("\\u001b[31m"));
    EXPECT_THAT(json, HasSubstr("\\u202e"));
  }
  EXPECT_TRUE(parse_json(says({"judge", run, "--json"}).out, "judge"));
}

TEST_F(HostileCommand, a_damaged_line_of_a_run_is_an_error_in_printable_text) {
  for (const std::string& line : std::vector<std::string>{
           "{\"" + kWord + "\": 1}\n", "{\"schema\": 2, \"\\u001b[2J\": 1}\n", kHostile + "\n"}) {
    put("run/outcomes.jsonl", line);
    put("run/run.json", line);
    EXPECT_EQ(says({"explain", world_.path("run"), "*"}).exit_code, wrong_command);
    EXPECT_EQ(says({"run", "--resume", world_.path("run")}).exit_code, wrong_command);
  }
}

TEST_F(HostileCommand, names_in_an_object_are_shown_escaped) {
  const std::string file = put(kWord + ".o", hostile_object(compiler_));
  const Said text = says({"inspect", file});
  EXPECT_EQ(text.exit_code, as_expected) << text.err;
  for (const char* first : {"L", "m", "s", "p"}) {
    EXPECT_THAT(text.out, HasSubstr(std::string(first) + "\\x1b[m\\u{9b}\\xff\\x0a"));
  }
  const Said json = says({"inspect", file, "--json"});
  EXPECT_EQ(json.exit_code, as_expected) << json.err;
  const auto read = parse_json(json.out, "inspect");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)["programs"][0]["name"], "p\x1b[m\u009b\\xff\n");
}

TEST_F(HostileCommand, an_object_whose_path_and_names_are_no_utf8_is_planned_run_and_resumed) {
  const std::string file = put("o\xff\\xfe.o", hostile_object(compiler_));
  const std::string run = world_.path("run\xff");
  // Nothing needs to be fetched for headers.
  put_kernel("cache", "debian-6.1-x86_64", "6.1");
  const Said said = says({"run", "--object", file, "--kernel", "gone-tarball", "--out", run});
  EXPECT_EQ(said.exit_code, unknown) << said.err;
  EXPECT_THAT(said.out, HasSubstr("1 unavailable"));
  const Said again = says({"run", "--resume", run});
  EXPECT_EQ(again.exit_code, unknown) << again.err;
  EXPECT_THAT(again.out, HasSubstr("1 unavailable"));
  EXPECT_THAT(says({"explain", run, "*"}).out, HasSubstr("o\\xff\\x5cxfe.o"));
  EXPECT_EQ(says({"judge", run}).exit_code, unknown);
}

TEST_F(HostileCommand, what_an_application_is_given_must_be_utf8) {
  const std::vector<std::string> run{"run", "--kernel", "gone-rpm", "--loader", "./app"};
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--loader-env", "A=\xff"}, {"--loader-args", "\xff"}}) {
    std::vector<std::string> command = run;
    command.insert(command.end(), more.begin(), more.end());
    const Said said = says(command);
    EXPECT_EQ(said.exit_code, wrong_command);
    EXPECT_THAT(said.err, HasSubstr("\\xff': not UTF-8"));
  }
}

TEST_F(HostileCommand, a_store_whose_path_is_no_utf8_can_be_used) {
  const std::string cache = world_.path("cache\xff");
  put_kernel("cache\xff", "debian-6.1-x86_64", "6.1");
  const auto with_cache = [&](std::vector<std::string> command) {
    Said said = bpfmatrix_says(std::move(command), std::chrono::seconds(60),
                               {{"XDG_CACHE_HOME", cache},
                                {"BPFMATRIX_DATA_DIR", world_.path("data")},
                                {"BPFMATRIX_MIRROR", "http://127.0.0.1:9/debian"},
                                {"BPFMATRIX_RPM_MIRROR", "test=file:///none"}});
    expect_harmless(said);
    return said;
  };
  EXPECT_EQ(with_cache({"kernels", "list", "--json"}).exit_code, as_expected);
  EXPECT_EQ(with_cache({"kernels", "verify"}).exit_code, as_expected);
  EXPECT_EQ(with_cache({"cache", "stats"}).exit_code, as_expected);
  EXPECT_EQ(with_cache({"cache", "stats", "--json"}).exit_code, as_expected);
  EXPECT_EQ(with_cache({"run", "--kernel", "gone-tarball", "--case", "ringbuf", "--out",
                        world_.path("in-cache")})
                .exit_code,
            unknown);
}

TEST_F(HostileCommand, texts_of_a_case_are_shown_escaped) {
  const Json spec{{"schema", 2},
                  {"shows", kControls},
                  {"object", {{"source", "x.bpf.c"}}},
                  {"expect", Json::array({{{"load", "ok"}, {"because", kControls}}})}};
  put("suite/group/one/case.json", spec.dump());
  put("suite/group/one/x.bpf.c", "int x;\n");
  const Said list = says({"cases", "list", "--dir", world_.path("suite")});
  EXPECT_EQ(list.exit_code, as_expected) << list.err;
  EXPECT_THAT(list.out, HasSubstr("h\\x1b[31m"));
  for (const char* key :
       {"schema", "object", "expect", "truth", "cflags", "trigger", "\x1b[2J\nforged "}) {
    Json bad = spec;
    bad[key] = kControls;
    put("suite/group/one/case.json", bad.dump());
    says({"cases", "check", "--dir", world_.path("suite")});
    EXPECT_EQ(says({"cases", "list", "--dir", world_.path("suite")}).exit_code, wrong_command)
        << key;
  }
}

TEST_F(HostileCommand, texts_of_a_fetched_kernel_are_shown_escaped) {
  const fs::path tree = put_kernel("cache", "gone-rpm", kControls);
  EXPECT_THAT(says({"kernels", "list"}).out, HasSubstr("h\\x1b[31m"));
  EXPECT_TRUE(parse_json(says({"kernels", "list", "--json"}).out, "list"));
  EXPECT_EQ(says({"kernels", "verify"}).exit_code, as_expected);
  ASSERT_TRUE(write_file(tree / kWord, "not of the package"));
  EXPECT_THAT(says({"kernels", "verify"}).out, HasSubstr("\\x1b[2J"));
  says({"kernels", "fetch", "gone-rpm"});
  says({"kernels", "rm", "gone-rpm"});
}

TEST_F(HostileCommand, names_in_an_archive_are_shown_escaped) {
  for (const std::string& name : {"../" + kWord, "/" + kWord, kWord}) {
    const std::string archive = put("box.tar", make_tar({{name, "x"}}, Packing::none));
    const Said said = says({"kernels", "add", "k", "--archive", archive});
    EXPECT_EQ(said.exit_code, wrong_command);
  }
}

}  // namespace
}  // namespace bpfmatrix
