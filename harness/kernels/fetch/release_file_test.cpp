#include "kernels/fetch/release_file.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;

const std::string kIndexHash(64, 'a');
const std::string kHead =
    "Suite: oldstable\nCodename: bookworm\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n";
const std::string kIndexes = "SHA256:\n " + kIndexHash + "  123 main/binary-amd64/Packages.xz\n";

std::chrono::sys_seconds at(const char* text) { return *parse_release_date(text); }
AsOf clock_says(const char* text) { return {.time = at(text)}; }

TEST(ReleaseFile, reads_what_is_needed) {
  const auto release = parse_release("Origin: Debian\nVersion: 12.15\n" + kHead +
                                         "Acquire-By-Hash: yes\nMD5Sum:\n 00 1 x\n" + kIndexes,
                                     "R");
  ASSERT_TRUE(release) << release.error().message;
  EXPECT_EQ(release->codename, "bookworm");
  EXPECT_EQ(release->version, "12.15");
  EXPECT_EQ(release->origin, "Debian");
  EXPECT_TRUE(release->by_hash);
  EXPECT_FALSE(release->valid_until);
  EXPECT_EQ(release->indexes.at("main/binary-amd64/Packages.xz").bytes, 123U);
}

TEST(ReleaseFile, refuses_what_is_malformed) {
  EXPECT_EQ(parse_release("", "R").error().message, "'R': field 'Date' is missing or malformed");
  EXPECT_EQ(parse_release(kHead, "R").error().message, "'R': field 'SHA256' is missing");
  EXPECT_FALSE(parse_release(kHead + kHead + kIndexes, "R"));
  EXPECT_FALSE(parse_release(kHead + "Valid-Until: tomorrow\n" + kIndexes, "R"));
  EXPECT_FALSE(parse_release(kHead + "SHA256:\n abc 1 x\n", "R"));
  EXPECT_FALSE(parse_release(kHead + "SHA256:\n " + kIndexHash + " 1 ../x\n", "R"));
  EXPECT_FALSE(parse_release(" continued\n", "R"));
}

TEST(ReleaseFile, reads_dates_of_one_form_only) {
  for (const char* text : {"", "Sat, 11 Jul 2026 10:16:37", "Sat, 11 Jul 2026 10:16:37 CEST",
                           "Sat, 31 Feb 2026 10:16:37 UTC", "Sat, 11 Jux 2026 10:16:37 UTC",
                           "Sat, 11 Jul 2026 25:16:37 UTC", "Sat, 11 Jul 99999 10:16:37 UTC"}) {
    EXPECT_FALSE(parse_release_date(text)) << text;
  }
  EXPECT_EQ(at("Sat, 11 Jul 2026 10:16:37 UTC").time_since_epoch(), 1783764997s);
}

TEST(ReleaseFile, is_stale_after_its_valid_until) {
  const auto release =
      parse_release(kHead + "Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\n" + kIndexes, "R");
  EXPECT_TRUE(
      check_release(*release, "bookworm", "R", clock_says("Sat, 18 Jul 2026 10:16:37 UTC")));
  const auto stale =
      check_release(*release, "bookworm", "R", clock_says("Sat, 18 Jul 2026 10:16:38 UTC"));
  ASSERT_FALSE(stale);
  EXPECT_EQ(
      stale.error().message,
      "'R': stale: valid until 2026-07-18 10:16 UTC, the clock of this machine says 2026-07-18 "
      "10:16 UTC");
}

TEST(ReleaseFile, is_refused_when_dated_more_than_a_day_ahead) {
  const auto release = parse_release(kHead + kIndexes, "R");
  EXPECT_TRUE(
      check_release(*release, "bookworm", "R", clock_says("Fri, 10 Jul 2026 10:16:37 UTC")));
  EXPECT_FALSE(
      check_release(*release, "bookworm", "R", clock_says("Fri, 10 Jul 2026 10:16:36 UTC")));
}

TEST(ReleaseFile, a_date_is_shown_however_far_away_it_is) {
  EXPECT_EQ(show_time(at("Thu, 11 Jul 4052 10:16:37 UTC")), "4052-07-11 10:16 UTC");
  EXPECT_EQ(show_time(at("Fri, 31 Dec 9999 23:59:59 UTC")), "9999-12-31 23:59 UTC");
}

TEST(ReleaseFile, must_be_of_the_suite_asked_for) {
  const auto release = parse_release(kHead + kIndexes, "R");
  const AsOf now{.time = release->date};
  EXPECT_TRUE(check_release(*release, "oldstable", "R", now));
  const auto other = check_release(*release, "trixie", "R", now);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "'R': wrong suite: want 'trixie', got 'bookworm' ('oldstable')");
}

TEST(ReleaseFile, a_clock_that_is_years_off_is_named_as_that) {
  const auto release =
      parse_release(kHead + "Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\n" + kIndexes, "R");
  const auto ahead =
      check_release(*release, "bookworm", "R", clock_says("Fri, 01 Jan 2038 00:00:00 UTC"));
  ASSERT_FALSE(ahead);
  EXPECT_EQ(ahead.error().message,
            "'R': stale: valid until 2026-07-18 10:16 UTC, the clock of this machine says "
            "2038-01-01 00:00 UTC: 11 years apart");
  EXPECT_TRUE(ahead.error().hint.starts_with("is the clock of this machine right?"));
  const auto behind =
      check_release(*release, "bookworm", "R", clock_says("Fri, 01 Jan 1999 00:00:00 UTC"));
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().message,
            "'R': dated 2026-07-11 10:16 UTC, which is in the future, the clock of this machine "
            "says 1999-01-01 00:00 UTC: 27 years apart");
}

TEST(ReleaseFile, of_a_snapshot_says_that_the_snapshot_is_of_another_day) {
  const auto release = parse_release(kHead + kIndexes, "R");
  const AsOf snapshot{.time = at("Fri, 01 Jan 2021 00:00:00 UTC"), .past = true};
  const auto other = check_release(*release, "bookworm", "R", snapshot);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message,
            "'R': dated 2026-07-11 10:16 UTC, which is in the future, the snapshot is of "
            "2021-01-01 00:00 UTC");
}

}  // namespace
}  // namespace bpfmatrix
