#include "outcome/kernel_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/golden_test_support.h"
#include "base/temp_dir.h"
#include "outcome/kernel_facts_file.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

KernelFacts some_facts() {
  KernelFacts facts;
  facts.release = "6.1.0";
  facts.arch = "x86_64";
  facts.cmdline = "console=ttyS0";
  facts.probe_ms = 900;
  facts.probed["map_type"]["BPF_MAP_TYPE_HASH"] = {Ternary::yes, ""};
  facts.probed["map_type"]["BPF_MAP_TYPE_ARENA"] = {Ternary::no, "EINVAL"};
  facts.probed["program_type"]["BPF_PROG_TYPE_NETFILTER"] = {Ternary::no, "EINVAL"};
  facts.probed["attach"]["fentry"] = {Ternary::no, "ENOTSUPP"};
  facts.probed["behaviour"]["memcg_accounting"] = {Ternary::unknown, "ENOMEM"};
  facts.helper_count = 209;
  facts.helpers["BPF_PROG_TYPE_XDP"] = {{1, 2, 44}, {12}};
  facts.numbers["memlock_limit"] = -1;
  facts.options["lockdown"] = "none";
  facts.config.emplace();
  facts.config->emplace("FPROBE", "y");
  facts.config->emplace("NR_CPUS", "64");
  facts.tracepoints = {"syscalls:sys_enter_connect"};
  facts.symbols.add(SymbolList::kallsyms, {"vfs_read"});
  return facts;
}

Result<KernelFacts> again(const KernelFacts& facts) {
  return kernel_facts_from_json(Json::parse(to_json(facts).dump()), "facts");
}

TEST(KernelFacts, go_to_json_and_back) {
  const Result<KernelFacts> read = again(some_facts());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(*read), to_json(some_facts()));
}

TEST(KernelFacts, what_is_not_known_stays_unknown_in_json) {
  const Result<KernelFacts> read = again({});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->config, std::nullopt);
  EXPECT_EQ(read->tracepoints, std::nullopt);
  EXPECT_EQ(read->helper_count, std::nullopt);
  EXPECT_EQ(read->symbol("vfs_read"), Ternary::unknown);
}

TEST(KernelFacts, an_unknown_key_or_word_is_an_error) {
  Json json = Json::parse(to_json(some_facts()).dump());
  json["probed"]["map_type"]["BPF_MAP_TYPE_HASH"]["answer"] = "maybe";
  EXPECT_EQ(kernel_facts_from_json(json, "f").error().message,
            "'f: probed: map_type: BPF_MAP_TYPE_HASH': key 'answer': unknown word 'maybe'");
  json = Json::parse(to_json(some_facts()).dump());
  json["more"] = 1;
  EXPECT_EQ(kernel_facts_from_json(json, "f").error().message, "'f': unknown key 'more'");
  json = Json::parse(to_json(some_facts()).dump());
  json["helpers"]["BPF_PROG_TYPE_XDP"]["allowed"] = {-1};
  EXPECT_EQ(kernel_facts_from_json(json, "f").error().message,
            "'f: helpers: BPF_PROG_TYPE_XDP': key 'allowed[0]': wanted an integer from 0 to "
            "4294967295, got -1");
}

TEST(KernelFactsSchema, is_made_from_the_list_of_fields) {
  expect_golden(BPFMATRIX_SOURCE_DIR "/harness/outcome/kernel_facts.schema.json",
                kernel_facts_schema().dump(1) + "\n");
}

TEST(KernelFacts, a_feature_is_looked_up_in_every_group_that_has_could_mean) {
  const KernelFacts facts = some_facts();
  EXPECT_EQ(facts.feature("BPF_MAP_TYPE_HASH"), Ternary::yes);
  EXPECT_EQ(facts.feature("BPF_MAP_TYPE_ARENA"), Ternary::no);
  EXPECT_EQ(facts.feature("memcg_accounting"), Ternary::unknown);
  EXPECT_EQ(facts.feature("nobody_asked"), Ternary::unknown);
}

TEST(KernelFacts, a_helper_without_a_number_here_is_missing) {
  const KernelFacts facts = some_facts();
  EXPECT_EQ(facts.helper(44), Ternary::yes);
  EXPECT_EQ(facts.helper(210), Ternary::no);
  // It has a number, and a type that was not asked may be the one that may call it.
  EXPECT_EQ(facts.helper(208), Ternary::unknown);
  EXPECT_EQ(KernelFacts().helper(1), Ternary::unknown);
}

TEST(KernelFacts, a_helper_of_a_type_is_known_where_the_type_was_asked) {
  const KernelFacts facts = some_facts();
  EXPECT_EQ(facts.helper_for("BPF_PROG_TYPE_XDP", 44), Ternary::yes);
  EXPECT_EQ(facts.helper_for("BPF_PROG_TYPE_XDP", 14), Ternary::no);
  EXPECT_EQ(facts.helper_for("BPF_PROG_TYPE_XDP", 12), Ternary::unknown);
  EXPECT_EQ(facts.helper_for("BPF_PROG_TYPE_KPROBE", 14), Ternary::unknown);
  EXPECT_EQ(facts.helper_for("BPF_PROG_TYPE_NETFILTER", 14), Ternary::no);
}

TEST(KernelFacts, a_map_type_beyond_those_that_are_numbered_is_unknown_to_the_kernel) {
  KernelFacts facts = some_facts();
  EXPECT_EQ(facts.map_type_number(200), Ternary::unknown);
  facts.numbers["map_type_count"] = 33;
  EXPECT_EQ(facts.map_type_number(200), Ternary::no);
  EXPECT_EQ(facts.map_type_number(32), Ternary::unknown);
}

TEST(KernelFacts, options_are_set_by_y_and_m_only) {
  const KernelFacts facts = some_facts();
  EXPECT_EQ(facts.configured("FPROBE"), Ternary::yes);
  EXPECT_EQ(facts.configured("NR_CPUS"), Ternary::no);
  EXPECT_EQ(facts.configured("BPF_LSM"), Ternary::no);
  EXPECT_EQ(KernelFacts().configured("FPROBE"), Ternary::unknown);
}

TEST(KernelFacts, memlock_counts_only_where_no_cgroup_does) {
  struct Row {
    Ternary by_cgroup;
    std::int64_t limit;
    std::optional<bool> limited;
  };
  const Row rows[] = {
      {Ternary::yes, 65536, false},
      {Ternary::no, -1, false},
      {Ternary::no, 65536, true},
      {Ternary::unknown, 65536, std::nullopt},
  };
  for (const Row& row : rows) {
    KernelFacts facts;
    facts.probed["behaviour"]["memcg_accounting"].answer = row.by_cgroup;
    facts.numbers["memlock_limit"] = row.limit;
    EXPECT_EQ(facts.memlock_limited(), row.limited) << row.limit;
  }
}

TEST(KernelFacts, lockdown_is_unknown_where_the_kernel_does_not_show_it) {
  EXPECT_EQ(some_facts().locked_down(), false);
  EXPECT_EQ(KernelFacts().locked_down(), std::nullopt);
  KernelFacts facts;
  facts.options["lockdown"] = "integrity";
  EXPECT_EQ(facts.locked_down(), true);
}

TEST(KernelFacts, kfuncs_are_functions_of_a_kernel_that_knows_such_calls) {
  KernelFacts facts;
  facts.symbols.add(SymbolList::btf, {"bpf_task_acquire"});
  facts.probed["behaviour"]["kfunc_calls"].answer = Ternary::yes;
  facts.probed["behaviour"]["vmlinux_btf"].answer = Ternary::yes;
  EXPECT_EQ(facts.kfunc("bpf_task_acquire"), Ternary::yes);
  EXPECT_EQ(facts.kfunc("bpf_of_a_module"), Ternary::unknown);
  facts.probed["behaviour"]["kfunc_calls"].answer = Ternary::no;
  EXPECT_EQ(facts.kfunc("bpf_task_acquire"), Ternary::no);
}

TEST(KernelFacts, a_configuration_is_read_for_what_is_set) {
  const auto config = parse_kernel_config(
      "# comment\nCONFIG_BPF=y\nCONFIG_X=m\n# CONFIG_NO is not set\nCONFIG_LSM=\"a,b\"\nFOO=y\n"
      "CONFIG_NO_VALUE\nCONFIG_LAST=n");
  EXPECT_EQ(config, (std::map<std::string, std::string>{
                        {"BPF", "y"}, {"X", "m"}, {"LSM", "\"a,b\""}, {"LAST", "n"}}));
}

TEST(KernelFacts, a_configuration_that_is_no_utf8_is_escaped) {
  const auto config = parse_kernel_config(
      "CONFIG_\xb2=\"\xff\"\nCONFIG_LONG=" + std::string(4095, 'x') + "\u00e4\n");
  EXPECT_EQ(config.at("\\xb2"), "\"\\xff\"");
  EXPECT_EQ(config.at("LONG"), std::string(4095, 'x') + "\\xc3");
}

TEST(KernelFactsFile, facts_are_found_again_by_the_hash_an_outcome_names) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(dir);
  const PackedFacts packed = pack(some_facts());
  std::filesystem::create_directories(dir->path() / "kernels");
  ASSERT_TRUE(write_file(kernel_facts_path(dir->path(), packed.sha256), packed.gzip));
  RunKernels kernels(dir->path());
  Outcome outcome;
  EXPECT_EQ(kernels.of(outcome), nullptr);
  outcome.kernel.facts = packed.sha256;
  ASSERT_NE(kernels.of(outcome), nullptr);
  EXPECT_EQ(kernels.of(outcome)->release, "6.1.0");
  EXPECT_EQ(kernels.of(outcome), kernels.of(outcome));
}

TEST(KernelFactsFile, what_is_read_ahead_needs_its_file_no_more) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(dir);
  const PackedFacts packed = pack(some_facts());
  std::filesystem::create_directories(dir->path() / "kernels");
  ASSERT_TRUE(write_file(kernel_facts_path(dir->path(), packed.sha256), packed.gzip));
  std::vector<Outcome> outcomes(4);
  outcomes[1].kernel.facts = outcomes[2].kernel.facts = packed.sha256;
  outcomes[3].kernel.facts = std::string(64, 'a');  // there are none
  RunKernels kernels(dir->path());
  kernels.read_ahead(outcomes);
  std::filesystem::remove_all(dir->path() / "kernels");
  ASSERT_NE(kernels.of(outcomes[2]), nullptr);
  EXPECT_EQ(kernels.of(outcomes[1])->release, "6.1.0");
  EXPECT_EQ(kernels.of(outcomes[0]), nullptr);
  EXPECT_EQ(kernels.of(outcomes[3]), nullptr);
}

TEST(KernelFactsFile, a_damaged_file_is_as_good_as_none) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(dir);
  const PackedFacts packed = pack(some_facts());
  std::filesystem::create_directories(dir->path() / "kernels");
  ASSERT_TRUE(write_file(kernel_facts_path(dir->path(), packed.sha256),
                         packed.gzip.substr(0, packed.gzip.size() / 2)));
  Outcome outcome;
  outcome.kernel.facts = packed.sha256;
  EXPECT_EQ(RunKernels(dir->path()).of(outcome), nullptr);
}

}  // namespace
}  // namespace bpfmatrix
