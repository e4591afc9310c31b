#include "vm/accel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A host with a /dev/kvm that works or not, and notes of what happened.
class ChooseAccel : public ::testing::Test {
 protected:
  Result<Accel> choose() { return choose_accel(question_); }
  Accel chosen() {
    const Result<Accel> accel = choose();
    EXPECT_TRUE(accel);
    return accel ? *accel : Accel::tcg;
  }

  bool kvm_works_ = true;
  bool can_be_tried_ = true;
  int proofs_ = 0;
  std::vector<std::string> said_{};
  Result<TempDir> cache_ = TempDir::create();
  AccelQuestion question_{.host = {Arch::x86_64, true, "this boot"},
                          .cache_dir = cache_->path(),
                          .prove = [this]() -> Result<KvmProof> {
                            ++proofs_;
                            if (!can_be_tried_) return Error{"no QEMU"};
                            return KvmProof{kvm_works_, kvm_works_ ? "" : "it hangs"};
                          },
                          .say = [this](const std::string& line) { said_.push_back(line); }};
};

TEST_F(ChooseAccel, kvm_is_taken_once_a_kernel_has_booted_with_it) {
  EXPECT_EQ(chosen(), Accel::kvm);
  EXPECT_EQ(proofs_, 1);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ChooseAccel, a_dev_kvm_that_hangs_leads_to_emulation_and_one_line) {
  kvm_works_ = false;
  EXPECT_EQ(chosen(), Accel::tcg);
  EXPECT_THAT(said_, ElementsAre("/dev/kvm exists but does not work (it hangs): guests are "
                                 "emulated, which is slower"));
}

TEST_F(ChooseAccel, the_answer_is_remembered_with_its_reason) {
  kvm_works_ = false;
  chosen();
  EXPECT_EQ(chosen(), Accel::tcg);
  EXPECT_EQ(proofs_, 1);
  ASSERT_EQ(said_.size(), 2U);
  EXPECT_EQ(said_[0], said_[1]);
}

TEST_F(ChooseAccel, what_could_not_be_tried_is_said_and_tried_again) {
  can_be_tried_ = false;
  EXPECT_EQ(chosen(), Accel::tcg);
  EXPECT_THAT(said_, ElementsAre("/dev/kvm exists but does not work (it could not be tried: no "
                                 "QEMU): guests are emulated, which is slower"));
  can_be_tried_ = true;
  EXPECT_EQ(chosen(), Accel::kvm);
}

TEST_F(ChooseAccel, another_boot_of_the_host_is_asked_anew) {
  chosen();
  question_.host.identity = "the next boot";
  chosen();
  EXPECT_EQ(proofs_, 2);
}

TEST_F(ChooseAccel, a_spoilt_memory_is_no_answer) {
  chosen();
  for (const auto& file : std::filesystem::directory_iterator(cache_->path() / "accel")) {
    ASSERT_TRUE(write_file(file.path(), "warp drive\n"));
  }
  EXPECT_EQ(chosen(), Accel::kvm);
  EXPECT_EQ(proofs_, 2);
}

TEST_F(ChooseAccel, a_cache_that_cannot_be_written_is_no_error) {
  question_.cache_dir = "/proc/no/such/place";
  EXPECT_EQ(chosen(), Accel::kvm);
}

TEST_F(ChooseAccel, a_foreign_architecture_is_emulated_without_a_word) {
  question_.guest = Arch::aarch64;
  EXPECT_EQ(chosen(), Accel::tcg);
  EXPECT_EQ(proofs_, 0);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ChooseAccel, without_dev_kvm_nothing_is_tried) {
  question_.host.kvm_opens = false;
  EXPECT_EQ(chosen(), Accel::tcg);
  EXPECT_EQ(proofs_, 0);
  EXPECT_THAT(said_, ElementsAre("no usable /dev/kvm: guests are emulated, which is slower"));
}

TEST_F(ChooseAccel, what_is_demanded_is_taken_or_refused_but_not_tried) {
  question_.choice = AccelChoice::tcg;
  EXPECT_EQ(chosen(), Accel::tcg);
  question_.choice = AccelChoice::kvm;
  EXPECT_EQ(chosen(), Accel::kvm);
  question_.host.kvm_opens = false;
  EXPECT_EQ(choose().error().message, "'/dev/kvm': cannot be opened");
  question_.guest = Arch::aarch64;
  EXPECT_EQ(choose().error().message, "no KVM for a guest of 'aarch64' on this host");
  EXPECT_EQ(proofs_, 0);
}

TEST(AccelChoice, every_one_has_a_word_that_reads_back) {
  for (const AccelChoice choice : {AccelChoice::automatic, AccelChoice::kvm, AccelChoice::tcg}) {
    EXPECT_EQ(parse_word<AccelChoice>(to_string(choice)), choice);
  }
  for (const Accel accel : {Accel::tcg, Accel::kvm}) {
    EXPECT_EQ(parse_word<Accel>(to_string(accel)), accel);
  }
  EXPECT_EQ(parse_word<AccelChoice>("automatic"), std::nullopt);
}

TEST(ThisHost, has_an_identity_that_stays) {
  const AccelHost once = this_host(Arch::x86_64);
  EXPECT_EQ(once.identity, this_host(Arch::x86_64).identity);
  EXPECT_GT(once.identity.size(), 36U);  // the boot id alone
}

}  // namespace
}  // namespace bpfmatrix
