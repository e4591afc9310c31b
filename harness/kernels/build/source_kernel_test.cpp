#include "kernels/build/source_kernel.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "kernels/find/fetch_kernel.h"
#include "kernels/image/btf_scan.h"
#include "kernels/testing/fake_tree.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class SourceKernel : public testing::Test {
 protected:
  SourceKernel() {
    options_.fetch.store = Store(dir_->path() / "store");
    options_.fragments = dir_->path() / "config";
    options_.given = dir_->path() / "tree";
    options_.progress = [this](const BuildProgress& progress) { progress_ = progress; };
    fs::create_directories(options_.fragments);
    write_tree(fake_tree(), *options_.given);
    fragment("# Needed.\nCONFIG_A=y\n");
  }
  void fragment(const std::string& text) {
    ASSERT_TRUE(write_file(options_.fragments / "base.config", text));
  }
  Result<BuiltKernel> build() const {
    return build_kernel({"own-5.4", Arch::x86_64, source_}, options_);
  }
  fs::path workshop() const { return options_.fetch.store.root() / "builds/own-5.4"; }
  void expect_failure(const std::string& wanted) const {
    const auto built = build();
    ASSERT_FALSE(built);
    EXPECT_TRUE(built.error().message.starts_with("kernel 'own-5.4': ")) << built.error().message;
    EXPECT_NE(built.error().message.find(wanted), std::string::npos) << built.error().message;
    EXPECT_FALSE(find_kernel(options_.fetch.store, "own-5.4"));
  }

  Result<TempDir> dir_ = TempDir::create();
  BuildOptions options_{};
  BuildSource source_{.code = TarballSource{"x", std::string(64, '0')},
                      .config = {"base"},
                      .gcc = "12",
                      .objects = 3};
  BuildProgress progress_{};
};

TEST_F(SourceKernel, image_config_symbols_and_log_are_in_the_store) {
  const auto built = build();
  ASSERT_TRUE(built) << built.error().message;
  const Kernel& kernel = built->kernel;
  EXPECT_FALSE(built->cached);
  EXPECT_EQ(kernel.id, "own-5.4");
  EXPECT_EQ(kernel.release, "5.4.1-own");
  EXPECT_EQ(*read_file(*kernel.config, 1000), "# Needed.\nCONFIG_A=y\n");
  EXPECT_EQ(*read_file(*kernel.system_map, 1000), "ffffffff81000000 T _text\n");
  EXPECT_FALSE(kernel.modules);
  const auto log = read_file(kernel.image.parent_path() / "build.log", 1 << 20);
  EXPECT_NE(log->find("  CC      init/main.o\n"), std::string::npos);
  EXPECT_TRUE(verify_kernel(options_.fetch.store, "own-5.4")->empty());
  EXPECT_EQ(progress_.objects, 1);
  EXPECT_EQ(progress_.total, 3);
  EXPECT_FALSE(fs::exists(workshop()));
}

TEST_F(SourceKernel, a_kernel_without_btf_gets_some_beside_it) {
  const auto built = build();
  ASSERT_TRUE(built) << built.error().message;
  EXPECT_FALSE(built->kernel.btf);
  ASSERT_TRUE(built->kernel.detached_btf);
  EXPECT_EQ(btf_to_embed(built->kernel), &*built->kernel.detached_btf);
  const auto bytes = read_file(built->kernel.detached_btf->file, 1 << 20);
  EXPECT_TRUE(is_vmlinux_btf(*bytes));
  EXPECT_EQ(built->kernel.detached_btf->sha256, sha256_hex(*bytes));
  EXPECT_EQ(find_kernel(options_.fetch.store, "own-5.4")->detached_btf->sha256,
            built->kernel.detached_btf->sha256);
}

TEST_F(SourceKernel, a_kernel_with_btf_needs_none) {
  fs::remove_all(*options_.given);
  write_tree(fake_tree(fake_btf()), *options_.given);
  fragment("# Needed.\nCONFIG_DEBUG_INFO_BTF=y\n");
  const auto built = build();
  ASSERT_TRUE(built) << built.error().message;
  ASSERT_TRUE(built->kernel.btf);
  EXPECT_FALSE(built->kernel.detached_btf);
  EXPECT_EQ(btf_to_embed(built->kernel), &*built->kernel.btf);
}

TEST_F(SourceKernel, the_record_says_what_it_was_built_from_and_with) {
  const auto built = build();
  ASSERT_TRUE(built) << built.error().message;
  const Origin& origin = built->kernel.origin;
  EXPECT_EQ(origin.kind, "source");
  EXPECT_EQ(origin.version, "5.4.1-own");
  ASSERT_EQ(origin.chain.size(), 7U);
  EXPECT_TRUE(origin.chain[0].starts_with("tree/: sha256 "));
  EXPECT_TRUE(origin.chain[1].ends_with("(base)")) << origin.chain[1];
  EXPECT_TRUE(origin.chain[2].starts_with("compiler: x86_64-linux-gnu-gcc-12 ")) << origin.chain[2];
}

TEST_F(SourceKernel, is_built_again_only_when_something_changed) {
  const auto first = build();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(build()->cached);
  fragment("# Needed.\nCONFIG_A=y\nCONFIG_B=y\n");
  EXPECT_FALSE(build()->cached);
  EXPECT_TRUE(build()->cached);
  ASSERT_TRUE(write_file(*options_.given / "more.c", ""));
  EXPECT_FALSE(build()->cached);
  EXPECT_FALSE(fs::exists(first->kernel.image)) << "the old tree is gone";
  int trees = 0;
  for (const auto& tree : fs::directory_iterator(options_.fetch.store.root() / "trees")) {
    trees += tree.is_directory() ? 1 : 0;
  }
  EXPECT_EQ(trees, 1);
}

TEST_F(SourceKernel, the_workshop_can_be_kept_and_goes_with_the_kernel) {
  options_.keep = true;
  ASSERT_TRUE(build());
  EXPECT_TRUE(fs::exists(workshop() / "out/vmlinux"));
  ASSERT_TRUE(remove_kernel(options_.fetch.store, "own-5.4"));
  EXPECT_FALSE(fs::exists(workshop()));
}

TEST_F(SourceKernel, an_option_without_effect_ends_the_build) {
  fragment("# Needed.\nCONFIG_A=y\n\n# For probes.\nCONFIG_DROPPED=y\n");
  expect_failure(
      "config options without effect:\n"
      "  base.config:5: wanted CONFIG_DROPPED=y, got no such option; For probes.");
  EXPECT_EQ(progress_.objects, 0) << "before anything is compiled";
}

TEST_F(SourceKernel, a_compiler_error_is_shown_and_its_log_kept) {
  ASSERT_TRUE(write_file(*options_.given / "vmlinux.c", "int x = ;\n"));
  expect_failure(
      "kernel 'own-5.4': bzImage: 'make': exit code 2\n"
      "  vmlinux.c:1:9: error: expected expression before ';' token\n");
  EXPECT_TRUE(fs::exists(workshop() / "log"));
  write_tree({{.path = "vmlinux.c", .body = fake_tree()[1].body}}, *options_.given);
  EXPECT_TRUE(build()) << "the next try goes on";
}

TEST_F(SourceKernel, a_compiler_that_is_not_there_is_named_with_its_package) {
  source_.gcc = "4.1";
  expect_failure(
      "this machine lacks what it takes to build it: 'gcc-4.1', 'x86_64-linux-gnu-gcc-4.1'");
}

TEST_F(SourceKernel, a_fragment_that_is_not_there_is_named) {
  source_.config.push_back("missing");
  expect_failure("missing.config': No such file or directory");
}

TEST_F(SourceKernel, only_kernels_with_a_source_are_built) {
  const auto built = build_kernel({"debian", Arch::x86_64, DebSource{}}, options_);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().message, "kernel 'debian': is a package, and not built");
}

TEST_F(SourceKernel, fetch_says_that_it_has_to_be_built) {
  const auto fetched = fetch_kernel({"own-5.4", Arch::x86_64, source_}, options_.fetch);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().message,
            "kernel 'own-5.4': not built; 'bpfmatrix kernels build own-5.4' takes minutes, once");
}

}  // namespace
}  // namespace bpfmatrix
