#include "cell/kernel_evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cell/testing/attempts.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t kKprobe = 2;
constexpr std::uint32_t kSocketFilter = 1;

/// A kprobe that is loaded, attached, fires once, and that the kernel lists as program 17.
class KernelEvidence : public ::testing::Test {
 protected:
  KernelEvidence() {
    attempt_.exited->programs_made = 6;
    attempt_.exited->maps_made = 1;
    attempt_.inventory =
        Inventory{{{17, kKprobe, "on_connect", 1}}, {5}, {{{1, 7, 17}}}, {17}, true};
  }

  SaidProgram& said() { return record_.programs.at(0); }
  KernelProgram& listed() { return attempt_.inventory->programs.at(0); }
  std::string text(bool app = false) const { return contradiction(record_, attempt_, app); }

  LoaderRecord record_ = [] {
    LoaderReader reader;
    for (const std::string& line : good_lines()) EXPECT_TRUE(reader.add(line));
    return reader.take();
  }();
  Attempt attempt_ = completed(good_lines());
};

TEST_F(KernelEvidence, a_record_that_the_kernel_bears_out_stands) {
  said().id = 17;
  EXPECT_THAT(text(), IsEmpty());
}

TEST_F(KernelEvidence, a_program_for_which_no_id_was_given_out_was_not_accepted) {
  said().id = 17;
  attempt_.exited->programs_made = 0;
  EXPECT_EQ(text(),
            "the loader says that the kernel accepted 1 program, and the kernel gave out 0 ids for "
            "such");
}

TEST_F(KernelEvidence, a_map_for_which_no_id_was_given_out_was_not_made) {
  said().id = 17;
  attempt_.exited->maps_made = 0;
  EXPECT_THAT(text(), HasSubstr("accepted 1 map, and the kernel gave out 0 ids"));
}

TEST_F(KernelEvidence, ids_that_nobody_counted_decide_nothing) {
  said().id = 17;
  attempt_.exited->programs_made.reset();
  attempt_.exited->maps_made.reset();
  EXPECT_THAT(text(), IsEmpty());
}

TEST_F(KernelEvidence, without_its_id_an_accepted_program_cannot_be_looked_up) {
  said().id.reset();
  EXPECT_THAT(text(), HasSubstr("'on_connect' was accepted, and no id of it"));
  EXPECT_THAT(text(true), IsEmpty()) << "an application may have let go of it";
}

TEST_F(KernelEvidence, a_program_that_the_kernel_does_not_list_is_named) {
  said().id = 18;
  EXPECT_EQ(text(),
            "the loader says that 'on_connect' was accepted as program 18, and the kernel lists no "
            "such program");
  EXPECT_THAT(text(true), IsEmpty()) << "an application lives on while the kernel is asked";
}

TEST_F(KernelEvidence, a_program_of_another_type_or_name_is_another_program) {
  said().id = 17;
  listed().type = kSocketFilter;
  EXPECT_THAT(text(), HasSubstr("of type kprobe, and the kernel lists it as socket_filter"));
  listed().type = kKprobe;
  listed().name = "mine";
  EXPECT_THAT(text(), HasSubstr("the kernel lists it as 'mine'"));
  listed().name = "on_connec";
  EXPECT_THAT(text(), IsEmpty()) << "the kernel keeps 15 characters";
  listed().name = "";
  EXPECT_THAT(text(), IsEmpty()) << "some loaders give it none";
  listed().type = 1000;
  EXPECT_THAT(text(), IsEmpty()) << "a type without a name is not compared";
}

TEST_F(KernelEvidence, what_nothing_attaches_was_not_attached) {
  said().id = 17;
  attempt_.inventory->links = {{1, 7, 99}};
  EXPECT_THAT(text(), IsEmpty()) << "a descriptor attaches it";
  attempt_.inventory->attached.clear();
  EXPECT_EQ(text(),
            "the loader says that 'on_connect' was attached, and the kernel lists nothing that "
            "attaches program 17");
  EXPECT_THAT(text(true), IsEmpty()) << "an application may have detached it";
}

TEST_F(KernelEvidence, where_the_kernel_does_not_show_attachments_nothing_is_missed) {
  said().id = 17;
  attempt_.inventory->links.reset();
  attempt_.inventory->attached.clear();
  attempt_.inventory->attached_whole = false;
  EXPECT_THAT(text(), IsEmpty());
  attempt_.inventory->attached_whole = true;
  said().type = "tracing";
  listed().type = 26;
  EXPECT_THAT(text(), IsEmpty()) << "before 5.8 a trampoline is not listed";
  said().type = "xdp";
  listed().type = 6;
  attempt_.inventory->links.emplace();
  EXPECT_THAT(text(), IsEmpty()) << "it may be attached by netlink";
}

TEST_F(KernelEvidence, of_more_links_than_are_listed_none_is_missed) {
  said().id = 17;
  attempt_.inventory->attached.clear();
  attempt_.inventory->links.emplace(kMaxInventory, KernelLink{1, 7, 99});
  EXPECT_THAT(text(), IsEmpty());
}

TEST_F(KernelEvidence, a_program_that_was_displaced_is_attached_no_longer) {
  said().id = 17;
  said().displaced = true;
  attempt_.inventory->links.emplace();
  attempt_.inventory->attached.clear();
  EXPECT_THAT(text(), IsEmpty());
}

TEST_F(KernelEvidence, a_program_does_not_run_less_often_as_time_goes_by) {
  said().id = 17;
  listed().run_cnt = 5;
  EXPECT_THAT(text(), HasSubstr("'on_connect' ran 1 times, and the kernel had counted 5 before"));
}

TEST_F(KernelEvidence, without_lists_the_record_stands_alone) {
  attempt_.inventory.reset();
  EXPECT_THAT(text(), IsEmpty());
}

}  // namespace
}  // namespace bpfmatrix
