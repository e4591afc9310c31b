#include "kernels/fetch/rpm_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "kernels/archive/rpm_archive.h"
#include "kernels/fetch/rpm_signature.h"
#include "kernels/find/fetch_kernel.h"
#include "kernels/testing/fake_rpm.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr const char* kFolder = "8.1/os/Packages/";

class RpmKernel : public testing::Test {
 protected:
  RpmKernel() : keys_(*TempDir::create()), store_(*TempDir::create()) {
    key().export_armoured_to(keys_.path() / (key().fingerprint() + ".asc"));
    options_.store = Store(store_.path() / "cache");
    options_.archives.rpm["centos"] = server_.url() + "/vault";
    options_.rpm_keys = keys_.path();
    options_.limits.retries = 0;
    source_ = {"centos", {}, key().fingerprint()};
    for (const FakeRpm& rpm : enterprise_kernel()) {
      source_.packages.push_back({kFolder + rpm.file_name(), ""});
    }
    serve(0, core());
    serve(1, modules());
  }

  /// Making keys and packages takes time: one of each serves all tests.
  static const FakeKey& key() {
    static const FakeKey made({.algorithm = "rsa2048"});
    return made;
  }
  static const std::string& core() {
    static const std::string made = make_rpm(enterprise_kernel()[0], &key());
    return made;
  }
  static const std::string& modules() {
    static const std::string made = make_rpm(enterprise_kernel()[1], &key());
    return made;
  }

  std::string path(std::size_t package) const { return "/vault/" + source_.packages[package].path; }
  void serve(std::size_t package, std::string bytes) {
    server_.put(path(package), std::move(bytes));
  }
  Result<Kernel> fetch(Arch arch = Arch::x86_64) const {
    return fetch_kernel({"centos-8.1-x86_64", arch, source_}, options_);
  }

  /// The fetch fails with this text in its message, and nothing is left of it.
  void expect_refused(const std::string& wanted, Arch arch = Arch::x86_64) const {
    const auto kernel = fetch(arch);
    ASSERT_FALSE(kernel);
    EXPECT_TRUE(kernel.error().message.starts_with("kernel 'centos-8.1-x86_64': "));
    EXPECT_NE(kernel.error().message.find(wanted), std::string::npos) << kernel.error().message;
    EXPECT_FALSE(find_kernel(options_.store, "centos-8.1-x86_64"));
    EXPECT_TRUE(fs::is_empty(options_.store.root() / "trees"));
    EXPECT_TRUE(fs::is_empty(options_.store.root() / "tmp"));
  }

  FakeServer server_{};
  TempDir keys_;
  TempDir store_;
  RpmSource source_{};
  FetchOptions options_{};
};

TEST_F(RpmKernel, comes_with_all_its_parts_out_of_two_packages) {
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->release, "4.18.0-147.el8.x86_64");
  EXPECT_EQ(*read_file(*kernel->config, 100), "CONFIG_DEBUG_INFO_BTF=y\n");
  EXPECT_EQ(*read_file(*kernel->system_map, 100), "ffffffff81000000 T _text\n");
  EXPECT_TRUE(fs::exists(*kernel->modules / "kernel/fs/a.ko.xz"));
  EXPECT_TRUE(fs::exists(*kernel->modules / "kernel/net/b.ko.xz"));
  EXPECT_FALSE(fs::exists(fs::symlink_status(*kernel->modules / "build")));
  ASSERT_TRUE(kernel->btf);
  EXPECT_EQ(*read_file(kernel->btf->file, 1000), fake_btf());
  EXPECT_TRUE(verify_kernel(options_.store, kernel->id)->empty());
}

TEST_F(RpmKernel, the_record_names_package_key_and_hashes) {
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  const Origin& origin = kernel->origin;
  EXPECT_EQ(origin.kind, "rpm");
  EXPECT_EQ(origin.package, "kernel-core");
  EXPECT_EQ(origin.version, "4.18.0-147.el8");
  EXPECT_EQ(origin.sha256, sha256_hex(core()));
  EXPECT_EQ(origin.signed_by, key().fingerprint());
  ASSERT_EQ(origin.chain.size(), 2U);
  EXPECT_THAT(
      origin.chain[0],
      MatchesRegex("kernel-core-4.18.0-147.el8.x86_64.rpm: sha256 " + sha256_hex(core()) +
                   ", signed 20..-..-.. ..:.. UTC, good signature by " + key().fingerprint()));
}

TEST_F(RpmKernel, an_unsigned_package_is_taken_by_its_hash_and_only_so) {
  const std::string plain = make_rpm(enterprise_kernel()[0]);
  serve(0, plain);
  expect_refused("signature of '" + server_.url() + path(0) + "': not signed");
  source_.key.clear();
  source_.packages = {{source_.packages[0].path, sha256_hex(plain)}};
  const auto kernel = fetch();
  ASSERT_TRUE(kernel) << kernel.error().message;
  EXPECT_EQ(kernel->origin.signed_by, "");
  EXPECT_TRUE(kernel->origin.chain[0].ends_with(", pinned"));
}

TEST_F(RpmKernel, a_package_that_is_not_the_pinned_one_is_refused) {
  source_.key.clear();
  for (RpmPackage& package : source_.packages) package.sha256 = sha256_hex("another");
  expect_refused("sha256 mismatch in '" + server_.url() + path(0) + "': want " +
                 sha256_hex("another") + ", got " + sha256_hex(core()));
}

TEST_F(RpmKernel, a_signature_by_somebody_else_is_refused) {
  const FakeKey other({.algorithm = "rsa2048"});
  serve(0, make_rpm(enterprise_kernel()[0], &other));
  expect_refused(": NOKEY");
}

TEST_F(RpmKernel, a_weak_digest_is_refused) {
  serve(0, make_rpm(enterprise_kernel()[0], &key(), "sha1"));
  expect_refused("a signature with a digest weaker than SHA-256");
}

TEST_F(RpmKernel, a_tampered_payload_is_refused) {
  std::string bad = core();
  bad[bad.size() - 40] ^= 1;
  serve(0, bad);
  expect_refused("Payload SHA256");
}

TEST_F(RpmKernel, a_tampered_header_is_refused) {
  std::string bad = core();
  bad[bad.rfind("of no use")] ^= 1;
  serve(0, bad);
  expect_refused("Signature, key ID");
}

TEST_F(RpmKernel, no_damage_anywhere_passes) {
  source_.packages.pop_back();
  for (std::size_t at = 96; at < core().size(); at += core().size() / 24) {
    std::string bad = core();
    bad[at] ^= 0x10;
    serve(0, bad);
    const auto kernel = fetch();
    // What is neither signed nor hashed may differ: padding, and the signature's own header.
    if (!kernel) continue;
    EXPECT_EQ(*read_file(kernel->btf->file, 1000), fake_btf());
    ASSERT_TRUE(remove_kernel(options_.store, kernel->id));
  }
}

TEST_F(RpmKernel, a_truncated_package_is_refused) {
  serve(0, core().substr(0, core().size() / 2));
  expect_refused("signature of '");
  serve(0, core().substr(0, 50));
  expect_refused("signature of '");
  serve(0, "");
  expect_refused("signature of '");
  serve(0, "http://127.0.0.1/a-list-of-packages.rpm\n");
  expect_refused("signature of '");
}

TEST_F(RpmKernel, a_package_that_is_gone_is_named) {
  server_.remove(path(1));
  expect_refused(path(1) + "': The requested URL returned error: 404");
}

TEST_F(RpmKernel, another_package_of_the_same_key_is_refused) {
  serve(0, modules());
  expect_refused("': another package, 'kernel-modules-4.18.0-147.el8.x86_64.rpm'");
}

TEST_F(RpmKernel, a_package_for_another_architecture_is_refused) {
  expect_refused("for x86_64, not aarch64", Arch::aarch64);
}

TEST_F(RpmKernel, packages_of_two_kernels_are_refused) {
  const FakeRpm newer = enterprise_kernel("193.el8")[1];
  source_.packages[1].path = kFolder + newer.file_name();
  serve(1, make_rpm(newer, &key()));
  expect_refused("of another kernel than '4.18.0-147.el8.x86_64'");
}

TEST_F(RpmKernel, packages_without_an_image_are_refused) {
  source_.packages.erase(source_.packages.begin());
  expect_refused("no kernel image in any of its packages");
}

TEST_F(RpmKernel, a_link_in_the_image_s_place_is_refused) {
  FakeRpm rpm = enterprise_kernel()[0];
  rpm.entries[0].kind = FakeEntry::Kind::symlink;
  rpm.entries[0].body = "/etc/passwd";
  serve(0, make_rpm(rpm, &key()));
  expect_refused("vmlinuz': a link or a device where a file was wanted");
}

TEST_F(RpmKernel, a_key_that_is_another_or_gone_is_named) {
  const fs::path file = keys_.path() / (key().fingerprint() + ".asc");
  const FakeKey other({.algorithm = "rsa2048"});
  other.export_armoured_to(file);
  expect_refused("signing key '" + file.string() + "': want " + key().fingerprint() + ", got " +
                 other.fingerprint());
  fs::remove(file);
  expect_refused("signing key: '" + file.string() + "': No such file");
}

TEST_F(RpmKernel, a_weak_key_signs_only_what_is_pinned) {
  static const FakeKey weak({.algorithm = "rsa1024"});
  weak.export_armoured_to(keys_.path() / (weak.fingerprint() + ".asc"));
  source_.key = weak.fingerprint();
  const std::string signed_by_it = make_rpm(enterprise_kernel()[0], &weak);
  serve(0, signed_by_it);
  expect_refused(": RSA of 1024 bits; wanted 2048 bits or more");
  source_.packages = {{source_.packages[0].path, sha256_hex(signed_by_it)}};
  EXPECT_TRUE(fetch());
}

TEST_F(RpmKernel, a_signature_from_before_the_package_was_built_is_refused) {
  static const FakeKey old({.algorithm = "rsa2048",
                            .made = "20170101T000000",
                            .expires = "20200101T000000",
                            .signs = "20181119T180000"});
  old.export_armoured_to(keys_.path() / (old.fingerprint() + ".asc"));
  source_.key = old.fingerprint();
  serve(0, make_rpm(enterprise_kernel()[0], &old));
  expect_refused("': made 2018-11-19 18:00 UTC, before the package was built, ");
}

TEST_F(RpmKernel, a_clock_that_is_years_off_is_named_before_anything_is_fetched) {
  options_.now = [] { return std::chrono::sys_days(std::chrono::January / 1 / 1999); };
  const auto kernel = fetch();
  ASSERT_FALSE(kernel);
  EXPECT_THAT(kernel.error().message,
              HasSubstr("the clock of this machine says 1999-01-01 00:00 UTC"));
  EXPECT_TRUE(server_.requests().empty());
}

TEST(RpmTimes, contradictions_are_named) {
  const auto day = [](int n) { return std::chrono::sys_days(std::chrono::days(n)); };
  const auto problem = [&](RpmTimes times) {
    return rpm_time_problem(times, day(1000)).value_or("");
  };
  EXPECT_EQ(problem({day(500), day(600), day(100), day(700)}), "") << "signed months later";
  EXPECT_EQ(problem({day(500), day(499), day(100), {}}), "") << "two clocks";
  EXPECT_EQ(problem({day(500), day(498), day(100), {}}),
            "made 1971-05-14 00:00 UTC, before the package was built, 1971-05-16 00:00 UTC");
  EXPECT_EQ(problem({day(500), day(500), day(501), {}}),
            "made 1971-05-16 00:00 UTC, before its key was made, 1971-05-17 00:00 UTC");
  EXPECT_EQ(problem({day(500), day(600), day(100), day(600)}),
            "made 1971-08-24 00:00 UTC, after its key had expired, 1971-08-24 00:00 UTC");
  EXPECT_EQ(problem({day(500), day(499), day(100), day(500)}),
            "made 1971-05-15 00:00 UTC, but the package was built 1971-05-16 00:00 UTC, after its "
            "key had expired, 1971-05-16 00:00 UTC");
  EXPECT_EQ(problem({day(500), day(1002), day(100), {}}),
            "made 1972-09-29 00:00 UTC, which is in the future: the clock of this machine says "
            "1972-09-27 00:00 UTC");
}

TEST_F(RpmKernel, a_distribution_without_a_mirror_is_named) {
  source_.distribution = "own";
  const auto kernel = fetch();
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.error().message, "kernel 'centos-8.1-x86_64': no mirror of 'own' is known");
  EXPECT_TRUE(kernel.error().hint.starts_with("give one with --rpm-mirror own=URL"));
}

class RpmArchive : public testing::Test {
 protected:
  Result<> unpack(const std::string& rpm, const UnpackRules& rules = {}) {
    EXPECT_TRUE(write_file(folder_.path() / "a.rpm", rpm));
    const auto all = [](std::string_view path) -> Result<std::optional<std::string>> {
      return std::optional<std::string>(path);
    };
    return unpack_rpm(folder_.path() / "a.rpm", folder_.path() / "into", all, rules);
  }
  std::string problem(const std::string& rpm, const UnpackRules& rules = {}) {
    const auto done = unpack(rpm, rules);
    EXPECT_FALSE(done);
    return done ? "" : done.error().message;
  }

  TempDir folder_ = *TempDir::create();
};

TEST_F(RpmArchive, every_packing_of_the_payload_is_read) {
  for (const Packing packing :
       {Packing::none, Packing::gzip, Packing::bzip2, Packing::lzma, Packing::xz, Packing::zstd}) {
    fs::remove_all(folder_.path() / "into");
    const auto done =
        unpack(wrap_in_rpm(make_cpio({{.path = "./lib/a", .body = "text"}}, packing)));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(*read_file(folder_.path() / "into/lib/a", 10), "text");
  }
}

TEST_F(RpmArchive, a_path_that_leaves_it_is_refused) {
  for (const char* path : {"../a", "/etc/a", "lib/../../a", "./../a"}) {
    EXPECT_EQ(problem(wrap_in_rpm(make_cpio({{.path = path, .body = "x"}}))),
              "'a.rpm': '" + std::string(path).substr(path[1] == '/' && path[0] == '.' ? 2 : 0) +
                  "': a path that leaves the package");
  }
  EXPECT_FALSE(fs::exists(folder_.path() / "a"));
}

TEST_F(RpmArchive, links_and_devices_are_refused) {
  const std::vector<FakeEntry> through_a_link{
      {.path = "lib", .body = "/etc", .kind = FakeEntry::Kind::symlink},
      {.path = "lib/passwd", .body = "x"}};
  EXPECT_EQ(problem(wrap_in_rpm(make_cpio(through_a_link))),
            "'a.rpm': 'lib': a link or a device where a file was wanted");
  EXPECT_EQ(problem(wrap_in_rpm(make_cpio({{.path = "d", .kind = FakeEntry::Kind::device}}))),
            "'a.rpm': 'd': a link or a device where a file was wanted");
}

TEST_F(RpmArchive, a_bomb_ends_at_the_limit) {
  const std::string zeros(8 << 20, '\0');
  EXPECT_NE(problem(wrap_in_rpm(make_cpio({{.path = "a", .body = zeros}})), {.max_bytes = 1 << 20})
                .find("unpacks to more than 1048576 bytes"),
            std::string::npos);
  std::vector<FakeEntry> many;
  for (int i = 0; i < 20; ++i) many.push_back({.path = std::to_string(i)});
  EXPECT_NE(problem(wrap_in_rpm(make_cpio(many)), {.max_entries = 10}).find("or 10 files"),
            std::string::npos);
}

TEST_F(RpmArchive, a_file_that_comes_twice_is_refused) {
  const std::vector<FakeEntry> twice{{.path = "a", .body = "x"}, {.path = "./a", .body = "y"}};
  EXPECT_NE(problem(wrap_in_rpm(make_cpio(twice))).find("File exists"), std::string::npos);
}

TEST_F(RpmArchive, what_is_none_is_refused) {
  const std::string cpio = make_cpio({{.path = "a", .body = "x"}});
  EXPECT_FALSE(unpack(cpio)) << "an archive that nobody wrapped";
  fs::remove_all(folder_.path() / "into");
  EXPECT_FALSE(unpack(""));
  EXPECT_FALSE(unpack("text"));
  EXPECT_FALSE(unpack(wrap_in_rpm("")));
  EXPECT_FALSE(unpack(wrap_in_rpm(cpio.substr(0, cpio.size() / 2))));
}

}  // namespace
}  // namespace bpfmatrix
