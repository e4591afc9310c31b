#include "matrix/case_spec.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

/// A suite on disk with one or more cases in it.
class Suite : public ::testing::Test {
 protected:
  fs::path add(const std::string& group, const std::string& id, const std::string& json) {
    const fs::path file = dir_->path() / group / id / "case.json";
    fs::create_directories(file.parent_path());
    EXPECT_TRUE(write_file(file, json));
    return file;
  }
  /// The error of reading this case, with the path before ".../case.json" cut off.
  std::string error_of(const std::string& json) {
    const fs::path file = add("g", "c", json);
    const Result<CaseSpec> spec = read_case(file);
    if (spec) return "";
    std::string message = spec.error().message;
    const std::size_t at = message.find(file.string());
    if (at != std::string::npos) message.replace(at, file.string().size(), "case.json");
    return message;
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(Suite, a_small_case_has_the_documented_defaults) {
  const fs::path file = add("relocation", "core-task-tgid",
                            R"({"schema":2,"shows":"s","object":{"source":"a.bpf.c"}})");
  const Result<CaseSpec> spec = read_case(file);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->id, "core-task-tgid");
  EXPECT_EQ(spec->group, "relocation");
  EXPECT_EQ(std::get<SourceObject>(spec->object).file, file.parent_path() / "a.bpf.c");
  EXPECT_EQ(spec->btf, std::vector{BtfSource::kernel});
  EXPECT_EQ(spec->loaders, std::vector<std::string>{"libbpf"});
  EXPECT_EQ(spec->archs.size(), kArches.size());
  EXPECT_TRUE(spec->attach);
  EXPECT_TRUE(spec->expect.empty());
}

TEST_F(Suite, a_case_can_say_everything) {
  const Result<CaseSpec> spec = read_case(add("field", "xdp", R"({
    "schema": 2, "shows": "s",
    "object": {"deb": "libxdp1", "suite": "bookworm", "path": "usr/lib/{multiarch}/bpf/x.o"},
    "btf": ["embedded", "none"], "loaders": ["libbpf", "aya"], "arch": ["aarch64"], "attach": false,
    "cflags": ["-DX"], "strip": [".BTF"], "globals": {"level": 5}, "truth": {"rc": 0, "name": "x"},
    "trigger": {"write": {"path": "/proc/sysrq-trigger", "text": "c"}, "command": ["./tool", "-v"]},
    "expect": [{"when": "kernel < 5.8", "load": "failed"}, {"load": "ok"}]})"));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(to_string(spec->object), "libxdp1:usr/lib/{multiarch}/bpf/x.o");
  EXPECT_EQ(spec->btf, (std::vector{BtfSource::embedded, BtfSource::none}));
  EXPECT_EQ(spec->archs, std::vector{Arch::aarch64});
  EXPECT_FALSE(spec->attach);
  EXPECT_EQ(spec->trigger->write->path, "/proc/sysrq-trigger");
  EXPECT_EQ(spec->trigger->command, (std::vector<std::string>{"/run/bpfmatrix/cell/tool", "-v"}));
  EXPECT_EQ(spec->trigger->command_file, dir_->path() / "field" / "xdp" / "tool");
  EXPECT_EQ(spec->strip, std::vector<std::string>{".BTF"});
  EXPECT_EQ(std::get<std::int64_t>(spec->user.globals.at("level").front().value.value), 5);
  EXPECT_EQ(spec->truth, (NamedValues{{"rc", 0}, {"name", "x"}}));
  ASSERT_EQ(spec->expect.size(), 2U);
  EXPECT_EQ(spec->expect[0].when.text(), "kernel < 5.8");
}

TEST_F(Suite, everything_that_is_wrong_with_a_file_is_listed) {
  const fs::path file = add("g", "c", R"({"schema":2,"shows":"s","object":{"source":"a"},
    "atach":true,"expect":[{"laod":"accepted"},{"load":"ok"},{"load":"acepted"}]})");
  std::vector<std::string> messages;
  for (const Error& error : case_errors(file)) {
    messages.push_back(error.message.substr(error.message.find("case.json")));
  }
  EXPECT_EQ(messages, (std::vector<std::string>{
                          "case.json': unknown key 'atach'",
                          "case.json: expect[0]': key 'load': a rule must have an expectation",
                          "case.json: expect[2]': key 'load': unknown word 'acepted'"}));
  EXPECT_TRUE(
      case_errors(add("g", "d", R"({"schema":2,"shows":"s","object":{"source":"a"}})")).empty());
  EXPECT_EQ(case_errors(add("g", "e", "{")).size(), 1U);
  EXPECT_EQ(case_errors(add("g", "f", "[]")).size(), 1U);
}

struct Bad {
  const char* json;
  const char* message;
};
constexpr Bad kBad[] = {
    {R"({"shows":"s","object":{"source":"a"}})", "'case.json': key 'schema': missing"},
    {R"({"schema":1,"shows":"s","object":{"source":"a"}})",
     "'case.json': key 'schema': only 2 is known"},
    {R"({"schema":2,"shows":"s"})", "'case.json': key 'object': missing"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"atach":true})",
     "'case.json': unknown key 'atach'"},
    {R"({"schema":2,"shows":"s","object":{"source":"a","sauce":"b"}})",
     "'case.json: object': unknown key 'sauce'"},
    {R"({"schema":2,"shows":"s","object":{}})",
     "'case.json: object': key 'source': wanted exactly one of 'source', 'file' and 'deb'"},
    {R"({"schema":2,"shows":"s","object":{"source":"../a"}})",
     "'case.json: object': key 'source': must name a file beside the case"},
    {R"({"schema":2,"shows":"s","object":{"file":"/etc/passwd"}})",
     "'case.json: object': key 'file': must name a file beside the case"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"btf":["vmlinux"]})",
     "'case.json': key 'btf': unknown BTF source 'vmlinux'"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"arch":["riscv"]})",
     "'case.json': key 'arch': unknown architecture 'riscv'"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"cflags":["-DX","-fplugin=./evil.so"]})",
     "'case.json': key 'cflags': '-fplugin=./evil.so' is not an allowed flag"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"trigger":{"write":{"path":"p"}}})",
     "'case.json: trigger: write': key 'text': missing"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"trigger":{}})",
     "'case.json: trigger': key 'write': wanted 'write' or 'command'"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"trigger":{"command":["sh"]}})",
     "'case.json: trigger': key 'command': wanted a program of the guest (/...) or a file of the "
     "case (./...)"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"trigger":{"command":["./../x"]}})",
     "'case.json: trigger': key 'command': must name a file beside the case"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"globals":{"a":1.5}})",
     "'case.json: globals': wanted an integer, a boolean, a text or an array of integers, got "
     "number"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"attach":1})",
     "'case.json': key 'attach': wanted true or false, got number"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"truth":{"a":[]}})",
     "'case.json': key 'truth': wanted integers and texts"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"expect":{"load":"ok"}})",
     "'case.json: expect': wanted an array of rules, got object"},
    {R"({"schema":2,"shows":"s","object":{"source":"a"},"expect":[{"load":"acepted"}]})",
     "'case.json: expect[0]': key 'load': unknown word 'acepted'"},
};
TEST_F(Suite, one_clear_error_for_each_mistake) {
  for (const Bad& row : kBad) EXPECT_EQ(error_of(row.json), row.message) << row.json;
}

TEST_F(Suite, a_link_does_not_lead_out_of_the_folder_of_a_case) {
  ASSERT_TRUE(write_file(dir_->path() / "secret", ""));
  fs::create_directories(dir_->path() / "g" / "c");
  fs::create_symlink(dir_->path() / "secret", dir_->path() / "g" / "c" / "a");
  constexpr std::string_view kStart = R"({"schema":2,"shows":"s","object":)";
  EXPECT_EQ(error_of(std::string(kStart) + R"({"source":"a"}})"),
            "'case.json: object': key 'source': must name a file beside the case");
  EXPECT_EQ(error_of(std::string(kStart) + R"({"file":"a"}})"),
            "'case.json: object': key 'file': must name a file beside the case");
  EXPECT_EQ(error_of(std::string(kStart) + R"({"source":"b"},"trigger":{"command":["./a"]}})"),
            "'case.json: trigger': key 'command': must name a file beside the case");
}

TEST_F(Suite, an_id_can_be_used_once_only) {
  add("a", "same", R"({"schema":2,"shows":"s","object":{"source":"a"}})");
  EXPECT_TRUE(read_suite(dir_->path()));
  add("b", "same", R"({"schema":2,"shows":"s","object":{"source":"a"}})");
  const auto suite = read_suite(dir_->path());
  ASSERT_FALSE(suite);
  EXPECT_NE(suite.error().message.find("case id 'same' is already used by"), std::string::npos);
}

TEST(CaseForObject, any_file_name_gives_a_valid_id) {
  for (const char* file : {"x.o", "/a/b c.o", ".hidden.o", "-rf", "ü.o", "a/b/"}) {
    EXPECT_TRUE(is_valid_id(case_for_object(file).id)) << file;
  }
  EXPECT_EQ(case_for_object("dir/xdp_pass.bpf.o").id, "xdp_pass.bpf");
}

TEST(CaseForObject, everything_in_it_is_expected_to_work) {
  const std::vector<ExpectationRule> rules = case_for_object("x.o").expect;
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].program, "*");
  EXPECT_EQ(rules[0].allowed.at("load"), std::vector<std::string>{"ok"});
  EXPECT_EQ(rules[0].allowed.at("attach"), (std::vector<std::string>{"ok", "not_reached"}));
}

TEST(BtfSource, every_word_reads_back) {
  for (const auto& one : kBtfSourceWords) {
    EXPECT_EQ(to_string(one.value), one.word);
    EXPECT_EQ(parse_word<BtfSource>(one.word), one.value);
  }
  EXPECT_EQ(parse_btf_sources({"kernel", "x"}).error().message, "unknown BTF source 'x'");
}

}  // namespace
}  // namespace bpfmatrix
