#include "kernels/image/kconfig.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace bpfmatrix {
namespace {

constexpr const char* kFragment = R"(# About the file.

# Programs are compiled,
# where they can be.
CONFIG_BPF_JIT=y
# CONFIG_BPF_JIT_ALWAYS_ON is not set

# Few.
CONFIG_NR_CPUS=4
CONFIG_LSM="bpf"
)";

std::vector<ConfigOption> fragment() {
  auto options = parse_fragment(kFragment, "bpf.config");
  EXPECT_TRUE(options) << options.error().message;
  return *std::move(options);
}

TEST(Kconfig, an_option_knows_where_it_stands_and_why) {
  const auto options = fragment();
  ASSERT_EQ(options.size(), 4U);
  EXPECT_EQ(options[0].name, "CONFIG_BPF_JIT");
  EXPECT_EQ(options[0].value, "y");
  EXPECT_EQ(options[0].where, "bpf.config:5");
  EXPECT_EQ(options[0].reason, "Programs are compiled, where they can be.");
  EXPECT_EQ(options[1].value, "n");
  EXPECT_EQ(options[1].reason, options[0].reason);
  EXPECT_EQ(options[3].value, "\"bpf\"");
  EXPECT_EQ(options[3].reason, "Few.");
}

TEST(Kconfig, what_is_no_fragment_is_named_with_its_line) {
  EXPECT_EQ(parse_fragment("# why\nBPF=y\n", "x.config").error().message,
            "'x.config:2': neither a comment nor an option: 'BPF=y'");
  EXPECT_EQ(parse_fragment("\nCONFIG_BPF=y\n", "x.config").error().message,
            "'x.config:2': CONFIG_BPF has no reason above it");
}

TEST(Kconfig, an_option_stands_in_one_fragment_only) {
  const auto other = parse_fragment("# why\nCONFIG_NR_CPUS=8\n", "x.config");
  EXPECT_EQ(join_fragments({fragment(), *other}).error().message,
            "CONFIG_NR_CPUS is in 'bpf.config:9' and in 'x.config:2'");
  EXPECT_EQ(join_fragments({fragment()})->size(), 4U);
}

TEST(Kconfig, a_config_that_has_all_is_fine_whatever_else_it_has) {
  EXPECT_TRUE(check_config(fragment(),
                           "CONFIG_BPF_JIT=y\n# CONFIG_BPF_JIT_ALWAYS_ON is not set\n"
                           "CONFIG_NR_CPUS=4\nCONFIG_LSM=\"bpf\"\nCONFIG_OTHER=y\n"));
  EXPECT_TRUE(check_config(fragment(), "CONFIG_BPF_JIT=y\nCONFIG_NR_CPUS=4\nCONFIG_LSM=\"bpf\"\n"))
      << "what the version does not know is not set either";
}

TEST(Kconfig, each_dropped_option_is_named_with_its_reason) {
  const auto checked = check_config(
      fragment(), "# CONFIG_BPF_JIT is not set\nCONFIG_BPF_JIT_ALWAYS_ON=y\nCONFIG_NR_CPUS=4\n");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message,
            "config options without effect:\n"
            "  bpf.config:5: wanted CONFIG_BPF_JIT=y, got CONFIG_BPF_JIT is not set; "
            "Programs are compiled, where they can be.\n"
            "  bpf.config:6: wanted CONFIG_BPF_JIT_ALWAYS_ON is not set, got "
            "CONFIG_BPF_JIT_ALWAYS_ON=y; Programs are compiled, where they can be.\n"
            "  bpf.config:10: wanted CONFIG_LSM=\"bpf\", got no such option; Few.");
}

TEST(Kconfig, the_fragments_of_this_project_are_well_formed) {
  int fragments = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(BPFMATRIX_SOURCE_DIR "/kernels/config")) {
    const auto text = read_file(file.path(), 1 << 20);
    ASSERT_TRUE(text) << text.error().message;
    const auto options = parse_fragment(*text, file.path().filename().string());
    EXPECT_TRUE(options) << options.error().message;
    EXPECT_FALSE(options && options->empty()) << file.path();
    ++fragments;
  }
  EXPECT_GT(fragments, 4);
}

}  // namespace
}  // namespace bpfmatrix
