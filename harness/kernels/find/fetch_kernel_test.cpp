#include "kernels/find/fetch_kernel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/file.h"
#include "base/sha256.h"
#include "kernels/archive/file_size_limit.h"
#include "kernels/testing/fake_archive.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

/// The names in a folder and in the folders below it that are not empty.
int count_files(const fs::path& folder) {
  int count = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (!entry.is_directory()) ++count;
  }
  return count;
}

class Kernels : public testing::Test {
 protected:
  Kernels() { archive_.publish(classic_kernel()); }

  CatalogEntry entry(Arch arch = Arch::x86_64) const {
    return {"debian-6.1-x86_64", arch,
            DebSource{"bookworm", "linux-image-cloud-amd64", "test.gpg", "", keys_}};
  }
  Result<Kernel> fetch() const { return fetch_kernel(entry(), options_); }
  Result<Kernel> find() const { return find_kernel(options_.store, "debian-6.1-x86_64"); }
  std::string image_path() const { return FakeArchive::pool_path(classic_kernel()[1]); }

  /// The fetch fails with this text in its message, and the store holds nothing half-written.
  void expect_refused(const std::string& wanted) const {
    const auto kernel = fetch();
    ASSERT_FALSE(kernel);
    EXPECT_TRUE(kernel.error().message.starts_with("kernel 'debian-6.1-x86_64': "))
        << kernel.error().message;
    EXPECT_NE(kernel.error().message.find(wanted), std::string::npos) << kernel.error().message;
    EXPECT_FALSE(find());
    for (const char* folder : {"kernels", "trees", "tmp"}) {
      EXPECT_EQ(count_files(options_.store.root() / folder), 0) << folder;
    }
    for (const auto& blob : fs::directory_iterator(options_.store.root() / "blobs")) {
      EXPECT_NE(blob.path().extension(), ".part");
    }
  }

  FakeArchive archive_{};
  FetchOptions options_ = archive_.options();
  std::vector<std::string> keys_ = archive_.keys();
};

TEST_F(Kernels, a_one_package_kernel_comes_with_all_its_parts) {
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->id, "debian-6.1-x86_64");
  EXPECT_EQ(kernel->release, "6.1.0-50-cloud-amd64");
  EXPECT_EQ(kernel->image_sha256, *sha256_file(kernel->image));
  EXPECT_EQ(*read_file(*kernel->config, 100), "CONFIG_DEBUG_INFO_BTF=y\n");
  EXPECT_FALSE(kernel->system_map) << "Debian's hint is no System.map";
  EXPECT_EQ(*read_file(*kernel->modules / "kernel/fs/a.ko", 100), "module");
  EXPECT_FALSE(fs::exists(fs::symlink_status(*kernel->modules / "build")));
  ASSERT_TRUE(kernel->btf);
  EXPECT_EQ(*read_file(kernel->btf->file, 1000), fake_btf());
  EXPECT_EQ(kernel->btf->sha256, sha256_hex(fake_btf()));
}

TEST_F(Kernels, the_record_keeps_the_chain_from_the_signature_down) {
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  const Origin& origin = kernel->origin;
  EXPECT_EQ(origin.kind, "deb");
  EXPECT_EQ(origin.package, "linux-image-6.1.0-50-cloud-amd64");
  EXPECT_EQ(origin.version, "6.1.176-1");
  EXPECT_EQ(origin.signed_by.size(), 40U);
  ASSERT_EQ(origin.chain.size(), 4U);
  EXPECT_TRUE(origin.chain[0].starts_with("InRelease of bookworm: sha256 "));
  EXPECT_EQ(origin.chain[0].find("Valid-Until"), std::string::npos);
  EXPECT_TRUE(origin.chain[0].ends_with(" UTC, good signature by " + origin.signed_by +
                                        " (Test Archive <archive@example.invalid>)"));
  EXPECT_TRUE(origin.chain[1].starts_with("main/binary-amd64/Packages.xz: sha256 "));
  EXPECT_EQ(origin.chain[3],
            "linux-image-6.1.0-50-cloud-amd64_6.1.176-1_amd64.deb: sha256 " + origin.sha256);
}

TEST_F(Kernels, a_kernel_split_into_packages_is_put_together) {
  archive_.publish(split_kernel());
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "7.2.12+deb13-cloud-amd64");
  EXPECT_EQ(kernel->origin.package, "linux-binary-7.2.12+deb13-cloud-amd64");
  EXPECT_EQ(kernel->origin.chain.size(), 7U);
  EXPECT_TRUE(kernel->config);
  EXPECT_EQ(*read_file(*kernel->system_map, 100), "ffffffff81000000 T _text\n");
  EXPECT_TRUE(fs::exists(*kernel->modules / "kernel/fs/a.ko.xz"));
}

TEST_F(Kernels, is_found_again_without_the_network_and_fetched_once) {
  EXPECT_EQ(find().error().message, "kernel 'debian-6.1-x86_64': not in the store '" +
                                        options_.store.root().string() + "'");
  EXPECT_EQ(find().error().hint, "run 'bpfmatrix kernels fetch debian-6.1-x86_64'");
  const auto fetched = fetch();
  ASSERT_TRUE(fetched) << fetched.error().message;
  const std::size_t asked = archive_.server().requests().size();
  EXPECT_EQ(find()->image, fetched->image);
  EXPECT_EQ(find()->origin.chain, fetched->origin.chain);
  EXPECT_TRUE(fetch());
  EXPECT_EQ(archive_.server().requests().size(), asked);
}

TEST_F(Kernels, verify_and_remove_go_by_the_id) {
  ASSERT_TRUE(fetch());
  EXPECT_TRUE(verify_kernel(options_.store, "debian-6.1-x86_64")->empty());
  ASSERT_TRUE(write_file(find()->image, "spoiled"));
  EXPECT_EQ(verify_kernel(options_.store, "debian-6.1-x86_64")->size(), 1U);
  ASSERT_TRUE(remove_kernel(options_.store, "debian-6.1-x86_64"));
  EXPECT_FALSE(find());
  EXPECT_FALSE(remove_kernel(options_.store, "debian-6.1-x86_64"));
  EXPECT_FALSE(verify_kernel(options_.store, "../x"));
}

TEST_F(Kernels, a_tampered_package_is_refused_with_both_hashes) {
  const std::string good = make_deb(classic_kernel()[1].entries);
  std::string bad = good;
  bad[bad.size() / 2] ^= 1;
  archive_.server().put(image_path(), bad);
  expect_refused("sha256 mismatch in '" + archive_.server().url() + image_path() + "': want " +
                 sha256_hex(good) + ", got " + sha256_hex(bad));
}

TEST_F(Kernels, a_truncated_package_is_refused) {
  archive_.server().change(image_path(), [](FakePage& page) { page.body.resize(100); });
  expect_refused("truncated: 100 of ");
}

TEST_F(Kernels, a_listed_package_that_is_gone_is_named) {
  archive_.server().remove(image_path());
  expect_refused(image_path() + "': The requested URL returned error: 404");
}

TEST_F(Kernels, a_tampered_index_is_refused) {
  archive_.server().change(archive_.index_path(), [](FakePage& page) { page.body[50] ^= 1; });
  expect_refused("sha256 mismatch in '" + archive_.server().url() + archive_.index_path());
}

TEST_F(Kernels, a_truncated_index_is_refused) {
  archive_.server().change(archive_.index_path(), [](FakePage& page) { page.body.resize(50); });
  expect_refused("truncated: 50 of ");
}

TEST_F(Kernels, a_tampered_release_is_refused) {
  archive_.server().change(archive_.release_path(), [](FakePage& page) {
    page.body.replace(page.body.find("Origin: Test"), 12, "Origin: Evil");
  });
  expect_refused("bad signature");
}

TEST_F(Kernels, a_truncated_release_is_refused) {
  archive_.server().change(archive_.release_path(),
                           [](FakePage& page) { page.body.resize(page.body.size() / 2); });
  expect_refused("not one whole signed text");
}

TEST_F(Kernels, a_release_signed_by_somebody_else_is_refused) {
  const FakeKey other;
  archive_.serve_release(archive_.release_text(), other);
  expect_refused("is not one that may sign");
}

TEST_F(Kernels, a_missing_release_is_refused) {
  archive_.server().remove(archive_.release_path());
  expect_refused("InRelease': The requested URL returned error: 404");
}

TEST_F(Kernels, a_missing_keyring_is_named) {
  fs::remove(archive_.keyrings() / "test.gpg");
  expect_refused("keyring '" + (archive_.keyrings() / "test.gpg").string() + "': not there");
}

TEST_F(Kernels, a_stale_release_is_refused) {
  options_.now = [] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) +
           std::chrono::hours(48);
  };
  expect_refused("stale: valid until ");
}

TEST_F(Kernels, a_release_from_the_future_is_refused) {
  archive_.publish(classic_kernel(), FakeRelease{.date = std::chrono::hours(48)});
  expect_refused("which is in the future");
}

TEST_F(Kernels, a_release_that_was_signed_long_before_or_after_its_date_is_refused) {
  archive_.publish(classic_kernel(),
                   {.date = -std::chrono::hours(24 * 9), .valid_until = std::chrono::hours(24)});
  expect_refused(", more than 7 days after the date of what it signs, ");
  archive_.publish(classic_kernel(), {.date = std::chrono::hours(2)});
  expect_refused(", before the date of what it signs, ");
}

TEST_F(Kernels, an_older_release_than_before_is_refused_or_allowed_and_then_recorded) {
  using std::chrono::hours;
  archive_.publish(classic_kernel(), {.date = -hours(1)});
  ASSERT_TRUE(fetch());
  ASSERT_TRUE(remove_kernel(options_.store, "debian-6.1-x86_64"));
  archive_.publish(classic_kernel(), {.date = -hours(2)});
  const auto older = fetch();
  ASSERT_FALSE(older);
  EXPECT_NE(older.error().message.find(", older than the one of "), std::string::npos)
      << older.error().message;
  EXPECT_NE(older.error().hint.find("--allow-older"), std::string::npos);

  options_.allow_older = true;
  const auto allowed = fetch();
  ASSERT_TRUE(allowed) << allowed.error().message;
  ASSERT_EQ(allowed->origin.chain.size(), 5U);
  EXPECT_TRUE(allowed->origin.chain[1].starts_with("allowed by --allow-older: dated "))
      << allowed->origin.chain[1];
  EXPECT_EQ(find()->origin.chain, allowed->origin.chain);
}

/// Both are signed, and both say that they are "stable".
TEST_F(Kernels, a_symbolic_suite_that_slips_to_an_older_codename_is_refused) {
  const auto publish = [&](const char* codename, const char* version, std::chrono::hours date) {
    archive_.publish(classic_kernel(), {.suite = "bookworm",  // what is asked for
                                        .codename = codename,
                                        .date = date,
                                        .version = version});
  };
  publish("trixie", "13.5", std::chrono::hours(-2));
  ASSERT_TRUE(fetch());
  ASSERT_TRUE(remove_kernel(options_.store, "debian-6.1-x86_64"));
  publish("bullseye", "11.11", std::chrono::hours(-1));
  const auto slipped = fetch();
  ASSERT_FALSE(slipped);
  EXPECT_NE(slipped.error().message.find("suite 'bookworm' went back from 'trixie' (13.5)"),
            std::string::npos)
      << slipped.error().message;
}

TEST_F(Kernels, the_age_of_a_release_that_is_valid_for_ever_is_said) {
  std::string said;
  options_.notice = [&](std::string_view line) { said += std::string(line) + "\n"; };
  archive_.publish(classic_kernel(),
                   {.date = std::chrono::hours(-50), .valid_until = std::chrono::seconds(0)});
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_NE(said.find(" UTC, 2 days ago; it does not say until when it is valid\n"),
            std::string::npos)
      << said;
  EXPECT_NE(kernel->origin.chain[0].find(" UTC, without Valid-Until, good signature by "),
            std::string::npos);
}

TEST_F(Kernels, a_clock_before_the_day_of_the_build_is_named_before_anything_is_fetched) {
  options_.now = [] { return std::chrono::sys_days(std::chrono::January / 1 / 1999); };
  expect_refused("the clock of this machine says 1999-01-01 00:00 UTC, which is before");
  EXPECT_TRUE(archive_.server().requests().empty());
}

TEST_F(Kernels, a_clock_years_after_valid_until_is_named) {
  options_.now = [] { return std::chrono::sys_days(std::chrono::January / 1 / 2099); };
  expect_refused("the clock of this machine says 2099-01-01 00:00 UTC: ");
}

TEST_F(Kernels, a_release_that_is_not_the_pinned_one_is_refused) {
  CatalogEntry pinned = entry();
  std::get<DebSource>(pinned.source).release_sha256 = std::string(64, 'a');
  const auto other = fetch_kernel(pinned, options_);
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("/InRelease': want " + std::string(64, 'a')),
            std::string::npos);
  std::get<DebSource>(pinned.source).release_sha256 = sha256_hex(archive_.release());
  const auto kernel = fetch_kernel(pinned, options_);
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_NE(kernel->origin.chain[0].find(", pinned, dated "), std::string::npos);
}

TEST_F(Kernels, another_suites_release_replayed_is_refused) {
  archive_.publish(classic_kernel(), FakeRelease{.suite = "oldstable", .codename = "bullseye"});
  expect_refused("wrong suite: want 'bookworm', got 'bullseye'");
}

TEST_F(Kernels, a_release_without_an_index_for_the_architecture_is_refused) {
  const auto kernel = fetch_kernel(entry(Arch::aarch64), options_);
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().message,
            "kernel 'debian-6.1-x86_64': suite 'bookworm' has no 'main/binary-arm64/Packages'");
}

TEST_F(Kernels, an_index_is_taken_by_its_hash_where_the_archive_offers_that) {
  archive_.server().remove(archive_.index_path());
  archive_.publish(classic_kernel(), FakeRelease{.by_hash = true});
  EXPECT_TRUE(fetch());
}

TEST_F(Kernels, a_dependency_that_the_index_lacks_is_named) {
  auto packages = split_kernel();
  packages.pop_back();
  archive_.publish(packages);
  expect_refused(
      "package 'linux-image-7.2.12+deb13-cloud-amd64' depends on "
      "'linux-modules-7.2.12+deb13-cloud-amd64' (= 7.2.12-1~bpo13+1), which the suite's index "
      "lacks");
}

TEST_F(Kernels, packages_without_an_image_are_refused) {
  auto packages = classic_kernel();
  packages[1].entries.erase(packages[1].entries.begin());
  archive_.publish(packages);
  expect_refused("no kernel image in 'linux-image-cloud-amd64' and the 1 packages");
}

TEST_F(Kernels, files_of_two_kernels_are_refused) {
  auto packages = classic_kernel();
  packages[1].entries.push_back({.path = "./boot/config-6.2", .body = "x"});
  archive_.publish(packages);
  expect_refused("of another kernel than '6.1.0-50-cloud-amd64'");
}

TEST_F(Kernels, an_image_that_says_another_release_is_refused) {
  auto packages = classic_kernel();
  packages[1].entries[0].body = fake_bzimage("6.1.0-49-cloud-amd64", fake_btf());
  archive_.publish(packages);
  expect_refused("the image says it is '6.1.0-49-cloud-amd64'");
}

TEST_F(Kernels, missing_btf_is_not_passed_off_as_a_kernel_without) {
  auto packages = classic_kernel();
  packages[1].entries[0].body = fake_bzimage("6.1.0-50-cloud-amd64", "");
  archive_.publish(packages);
  expect_refused("no BTF was found in the image");
  packages[1].entries[1].body = "# CONFIG_DEBUG_INFO_BTF is not set\n";
  archive_.publish(packages);
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_FALSE(kernel->btf);
}

TEST_F(Kernels, a_link_where_the_image_belongs_is_refused) {
  auto packages = classic_kernel();
  packages[1].entries[0].kind = FakeEntry::Kind::symlink;
  packages[1].entries[0].body = "/etc/passwd";
  archive_.publish(packages);
  expect_refused("a link or a device where a file was wanted");
}

TEST_F(Kernels, a_disk_that_fills_up_while_unpacking_leaves_nothing) {
  auto packages = classic_kernel();
  packages[1].entries.push_back({.path = "./lib/modules/6.1.0-50-cloud-amd64/kernel/big.ko",
                                 .body = std::string(1 << 20, '\0')});
  archive_.publish(packages);
  {
    const FileSizeLimit limit(300'000);
    expect_refused("modules/kernel/big.ko': File too large");
  }
  EXPECT_TRUE(fetch());
}

TEST_F(Kernels, an_interrupted_fetch_goes_on_where_it_ended) {
  archive_.server().change(image_path(), [](FakePage& page) {
    page.cut_after = 200;
    page.cuts = 100;
  });
  ASSERT_FALSE(fetch());
  archive_.server().change(image_path(), [](FakePage& page) { page.cuts = 0; });
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(archive_.server().requests().back().range, "400-");
  EXPECT_TRUE(verify_kernel(options_.store, kernel->id)->empty());
}

TEST_F(Kernels, two_threads_that_fetch_at_once_download_once) {
  auto one = std::async(std::launch::async, [&] { return fetch(); });
  const auto other = fetch();
  const auto first = one.get();
  EXPECT_TRUE(first) << first.error().message;
  EXPECT_TRUE(other) << other.error().message;
  EXPECT_TRUE(find());
  EXPECT_EQ(archive_.server().count(image_path()), 1);
}

TEST_F(Kernels, processes_that_fetch_at_once_download_once_and_agree) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(fetch() ? 0 : 1);
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(archive_.server().count(image_path()), 1);
  EXPECT_TRUE(verify_kernel(options_.store, find()->id)->empty());
  EXPECT_EQ(count_files(options_.store.root() / "tmp"), 0);
}

TEST_F(Kernels, a_damaged_record_is_fetched_again) {
  const auto kernel = fetch();
  ASSERT_TRUE(write_file(kernel->image.parent_path() / "kernel.json", "{}"));
  const auto found = find();
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("key 'schema': missing"), std::string::npos);
  ASSERT_TRUE(fetch());
  EXPECT_TRUE(find());
}

TEST_F(Kernels, a_store_that_cannot_be_written_is_named) {
  ASSERT_TRUE(write_file(options_.store.root().parent_path() / "file", ""));
  options_.store = Store(options_.store.root().parent_path() / "file");
  const auto kernel = fetch();
  ASSERT_FALSE(kernel);
  EXPECT_TRUE(kernel.error().message.ends_with("file/blobs': Not a directory"))
      << kernel.error().message;
}

}  // namespace
}  // namespace bpfmatrix
