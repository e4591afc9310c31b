#include "kernels/fetch/seen_release.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::chrono::sys_seconds kDate = *parse_release_date("Sat, 11 Jul 2026 10:16:37 UTC");

class SeenReleases : public testing::Test {
 protected:
  SeenReleases() { EXPECT_TRUE(store_.prepare()); }

  Result<std::optional<std::string>> see(const ReleaseFile& release, bool allow_older = false) {
    return remember_release(store_, source_, release, allow_older);
  }
  /// The error; empty if it passed without a word.
  std::string refusal(const ReleaseFile& release) {
    const auto seen = see(release);
    if (!seen) return seen.error().message;
    EXPECT_FALSE(*seen);
    return "";
  }
  static ReleaseFile dated(std::chrono::seconds after) {
    return {.origin = "Debian", .codename = "bookworm", .version = "12.15", .date = kDate + after};
  }

  TempDir dir_ = *TempDir::create();
  Store store_{dir_.path() / "store"};
  ReleaseSource source_{"bookworm", "", "http://a.invalid/debian", "R"};
};

TEST_F(SeenReleases, the_same_and_newer_ones_pass_and_an_older_one_does_not) {
  EXPECT_EQ(refusal(dated(0h)), "");
  EXPECT_EQ(refusal(dated(0h)), "");
  EXPECT_EQ(refusal(dated(24h)), "");
  source_.mirror = "http://b.invalid/debian";
  const auto older = see(dated(23h));
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().message,
            "'R': dated 2026-07-12 09:16 UTC, older than the one of 2026-07-12 10:16 UTC that was "
            "seen at http://a.invalid/debian");
  EXPECT_THAT(older.error().hint, HasSubstr("--allow-older"));
}

TEST_F(SeenReleases, an_older_one_that_is_allowed_passes_with_a_word_and_is_not_remembered) {
  EXPECT_EQ(refusal(dated(24h)), "");
  const auto allowed = see(dated(0h), true);
  ASSERT_TRUE(allowed) << allowed.error().message;
  ASSERT_TRUE(*allowed);
  EXPECT_THAT(**allowed,
              StartsWith("dated 2026-07-11 10:16 UTC, older than the one of 2026-07-12"));
  EXPECT_NE(refusal(dated(0h)), "");
  EXPECT_FALSE(*see(dated(24h), true)) << "nothing to allow";
}

TEST_F(SeenReleases, each_suite_archive_and_snapshot_has_its_own_memory) {
  EXPECT_EQ(refusal(dated(24h)), "");
  ReleaseFile own = dated(0h);
  own.origin = "Own";
  EXPECT_EQ(refusal(own), "");
  source_.snapshot = "20181120T000000Z";
  EXPECT_EQ(refusal(dated(0h)), "");
  EXPECT_NE(refusal(dated(-1h)), "") << "what was the state of that time is no other one later";
  source_ = {"bookworm-backports", "", "m", "R"};
  EXPECT_EQ(refusal(dated(0h)), "");
}

/// A later Date does not help.
TEST_F(SeenReleases, a_symbolic_suite_does_not_slip_to_an_older_codename) {
  source_.suite = "stable";
  ReleaseFile trixie = dated(0h);
  trixie.codename = "trixie";
  trixie.version = "13.5";
  EXPECT_EQ(refusal(dated(-1h)), "") << "bookworm is followed";
  EXPECT_EQ(refusal(trixie), "") << "by trixie";
  EXPECT_EQ(refusal(dated(24h)),
            "'R': suite 'stable' went back from 'trixie' (13.5), which was seen at "
            "http://a.invalid/debian, to 'bookworm' (12.15)");
}

TEST_F(SeenReleases, codenames_without_versions_have_their_order_too) {
  source_.suite = "testing-backports";
  const auto named = [](const char* codename, std::chrono::seconds after) {
    return ReleaseFile{.origin = "Debian", .codename = codename, .date = kDate + after};
  };
  EXPECT_EQ(refusal(named("forky-backports", 0h)), "");
  EXPECT_EQ(refusal(named("duke-backports", 1h)), "");
  EXPECT_THAT(refusal(named("forky-backports", 2h)), HasSubstr("went back from 'duke-backports'"));
  EXPECT_EQ(refusal(named("of-the-future", 3h)), "") << "nobody knows where it belongs";
}

TEST_F(SeenReleases, a_version_does_not_go_back) {
  ReleaseFile release = dated(0h);
  EXPECT_EQ(refusal(release), "");
  release.date += 24h;
  release.version = "12.9";
  EXPECT_THAT(refusal(release), HasSubstr("to 'bookworm' (12.9)"));
}

TEST_F(SeenReleases, a_damaged_memory_is_no_empty_one) {
  EXPECT_EQ(refusal(dated(0h)), "");
  const auto file = *std::filesystem::directory_iterator(store_.root() / "releases");
  std::string changed = *read_file(file.path(), 1 << 16);
  changed.insert(changed.find("\"date\": ") + 8, "999999999");
  for (const auto& [text, problem] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "key 'schema': missing"}, {changed, "key 'date': "}}) {
    EXPECT_TRUE(write_file(file.path(), text));
    const auto seen = see(dated(24h));
    ASSERT_FALSE(seen);
    EXPECT_THAT(seen.error().message, HasSubstr(problem));
    EXPECT_THAT(seen.error().hint, HasSubstr("remove it to start anew"));
  }
}

}  // namespace
}  // namespace bpfmatrix
