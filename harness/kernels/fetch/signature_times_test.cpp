#include "kernels/fetch/signature_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::chrono::sys_seconds kSignedAt = *parse_release_date("Mon, 19 Nov 2018 20:00:00 UTC");

ReleaseFile release() { return {.suite = "unstable", .codename = "sid", .date = kSignedAt}; }

/// What is wrong with a signature made so long after the Date, a day later.
std::string problem(Signature signature, AsOf as_of = {.time = kSignedAt + 24h}) {
  signature.fingerprint = "F873";
  const auto chosen = choose_signature({signature}, release(), "R", as_of);
  return chosen ? "" : chosen.error().message;
}
std::string problem(std::chrono::seconds after) { return problem({.made = kSignedAt + after}); }

TEST(SignatureTimes, within_hours_of_the_date_is_as_it_should_be) {
  for (const std::chrono::seconds after : {-3600s, 0s, 30s, 300s, 86400s}) {
    EXPECT_EQ(problem(after), "") << after.count();
  }
  EXPECT_EQ(problem({.made = kSignedAt + 168h}, {.time = kSignedAt + 1000h}), "");
}

TEST(SignatureTimes, before_the_date_it_signed_what_was_not_there) {
  EXPECT_EQ(problem(-3601s),
            "signature of 'R': made 2018-11-19 18:59 UTC by key F873, before the date of what it "
            "signs, 2018-11-19 20:00 UTC");
}

TEST(SignatureTimes, long_after_the_date_somebody_else_signed) {
  EXPECT_EQ(problem({.made = kSignedAt + 169h}, {.time = kSignedAt + 1000h}),
            "signature of 'R': made 2018-11-26 21:00 UTC by key F873, more than 7 days after the "
            "date of what it signs, 2018-11-19 20:00 UTC");
}

TEST(SignatureTimes, in_the_future_is_refused) {
  EXPECT_THAT(problem({.made = kSignedAt + 3h}, {.time = kSignedAt - 22h}),
              HasSubstr("which is in the future: the clock of this machine says 2018-11-18 22:00"));
}

TEST(SignatureTimes, a_key_that_had_expired_signs_nothing_however_it_is_dated) {
  const AsOf past{.time = kSignedAt + 4h, .past = true};
  EXPECT_EQ(problem({.made = kSignedAt, .key_expired = kSignedAt - 100h}, past),
            "signature of 'R': made 2018-11-19 20:00 UTC by key F873, which had expired 2018-11-15 "
            "16:00 UTC");
  // Dated back to when the key was good: then the text is from its future.
  EXPECT_EQ(problem({.made = kSignedAt - 101h, .key_expired = kSignedAt - 100h}, past),
            "signature of 'R': key F873 had expired 2018-11-15 16:00 UTC, before the date of what "
            "it signs, 2018-11-19 20:00 UTC");
}

TEST(SignatureTimes, a_key_that_expired_since_is_good_for_the_past_only) {
  const Signature signature{.made = kSignedAt, .key_expired = kSignedAt + 100h};
  EXPECT_EQ(problem(signature, {.time = kSignedAt + 4h, .past = true}), "");
  EXPECT_EQ(problem(signature, {.time = kSignedAt + 150h}),
            "signature of 'R': key F873 has expired 2018-11-24 00:00 UTC: the clock of this "
            "machine says 2018-11-26 02:00 UTC");
}

TEST(SignatureTimes, of_several_signatures_the_first_that_makes_sense_counts) {
  const auto chosen = choose_signature({{.fingerprint = "A", .made = kSignedAt - 900h},
                                        {.fingerprint = "B", .made = kSignedAt},
                                        {.fingerprint = "C", .made = kSignedAt}},
                                       release(), "R", {.time = kSignedAt});
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(chosen->fingerprint, "B");
  EXPECT_EQ(choose_signature({}, release(), "R", {.time = kSignedAt}).error().message,
            "signature of 'R': not signed");
}

}  // namespace
}  // namespace bpfmatrix
