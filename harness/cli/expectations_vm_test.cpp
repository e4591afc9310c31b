// Ten cases on a kernel, each of their expectations spoilt in turn: each is found.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "cli/command_test_support.h"
#include "cli/exit_code.h"
#include "matrix/case_spec.h"
#include "matrix/expectation_text.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

const char* const kCases[] = {
    "attach/connect-fentry",
    "attach/connect-kprobe-bare",
    "attach/fentry-missing",
    "maps/map-type-unknown",
    "maps/ringbuf",
    "relocation/core-field-missing",
    "relocation/core-task-tgid",
    "verifier/helper-unknown",
    "verifier/loop-unbounded",
    "verifier/uninitialised-register",
};

/// Another word of the same field.
std::string other_word(const std::string& field, const std::vector<std::string>& allowed) {
  if (field == "cause") return allowed.front() == "license" ? "memlock" : "license";
  for (const ExpectableField& one : expectable_fields()) {
    if (one.name != field.substr(0, field.find('.'))) continue;
    for (const std::string_view word : one.words) {
      if (std::find(allowed.begin(), allowed.end(), word) == allowed.end())
        return std::string(word);
    }
  }
  return "";
}

/// What each rule says, each field of it spoilt in turn; only rules that decide on this kernel.
std::vector<ExpectationRule> spoilt(const ExpectationRule& rule) {
  std::vector<ExpectationRule> all;
  for (const auto& [field, allowed] : rule.allowed) {
    ExpectationRule one = rule;
    one.allowed[field] = {other_word(field, allowed)};
    if (!one.allowed[field].front().empty()) all.push_back(std::move(one));
  }
  return all;
}

/// On 6.1 of x86_64, relocated against the kernel's BTF, all about it known.
bool holds_there(const ExpectationRule& rule) {
  const ConditionFacts facts{
      .kernel = KernelVersion{6, 1, 0}, .arch = "x86_64", .btf = "kernel", .loader = "libbpf"};
  return rule.when.holds(facts) == Ternary::yes;
}

TEST(ExpectationsOfAKernel, each_that_is_spoilt_is_found) {
  const Result<TempDir> dir = TempDir::create();
  ASSERT_TRUE(dir);
  const fs::path cases = dir->path() / "cases";
  fs::copy(BPFMATRIX_SOURCE_DIR "/cases", cases, fs::copy_options::recursive);
  const std::string run = (dir->path() / "run").string();
  std::vector<std::string> arguments{"run",     "--no-cache", "--kernel", "debian-6.1-x86_64",
                                     "--btf",   "kernel",     "--out",    run,
                                     "--accel", "tcg"};
  for (const std::string name : kCases) {
    arguments.insert(arguments.end(), {"--case", fs::path(name).filename().string()});
  }
  const Said ran = bpfmatrix_says(arguments, std::chrono::seconds(600));
  ASSERT_EQ(ran.exit_code, as_expected) << ran.out << ran.err;

  for (const std::string name : kCases) {
    const fs::path file = cases / name / "case.json";
    const Result<std::string> text = read_file(file, 1 << 20);
    const Result<CaseSpec> spec = read_case(file);
    ASSERT_TRUE(text && spec) << name;
    int found = 0;
    for (std::size_t i = 0; i < spec->expect.size(); ++i) {
      if (!holds_there(spec->expect[i])) continue;
      for (const ExpectationRule& wrong : spoilt(spec->expect[i])) {
        ASSERT_TRUE(write_file(file, with_expectations(*text, {wrong})));
        EXPECT_EQ(bpfmatrix_says({"judge", run, "--dir", cases.string()}).exit_code, unexpected)
            << name << ": " << rule_text(wrong);
        ++found;
      }
      break;  // the first that holds decides
    }
    EXPECT_GT(found, 0) << name;
    ASSERT_TRUE(write_file(file, *text));
  }
  EXPECT_EQ(bpfmatrix_says({"judge", run, "--dir", cases.string()}).exit_code, as_expected);
}

}  // namespace
}  // namespace bpfmatrix
