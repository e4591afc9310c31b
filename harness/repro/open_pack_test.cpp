#include "repro/open_pack.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/golden_test_support.h"
#include "base/json.h"
#include "outcome/outcome_fields.h"
#include "repro/testing/fake_pack.h"
#include "repro/testing/pack_box.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

TEST(OpenPack, an_object_given_by_file_comes_out_as_it_went_in) {
  PackBox box;
  const FakePack fake = fake_pack();
  const Result<OpenedPack> pack = box.open(fake.bytes());
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_EQ(to_text(pack->manifest), to_text(fake.manifest));
  EXPECT_EQ(to_line(pack->outcome), to_line(fake.outcome));
  EXPECT_EQ(bpfmatrix::pack(pack->transcript), bpfmatrix::pack(fake.transcript));
  EXPECT_EQ(pack->spec.id, "prog");
  EXPECT_EQ(to_string(pack->spec.object), "/objects/prog.o");
  EXPECT_EQ(*read_file(std::get<FileObject>(pack->spec.object).file, 100), "an object");
  EXPECT_FALSE(pack->app || pack->btf || pack->kernel || pack->facts);
  box.expect_tidy();
}

TEST(OpenPack, a_case_keeps_what_it_asks_of_the_guest_and_gets_the_recorded_object) {
  PackBox box;
  const Result<OpenedPack> pack = box.open(fake_case_pack().bytes());
  ASSERT_TRUE(pack) << pack.error().message;
  EXPECT_EQ(pack->spec.id, "a-case");
  EXPECT_EQ(pack->spec.group, "verifier");
  EXPECT_EQ(std::get<FileObject>(pack->spec.object).file, box.into() / "object.o");
}

TEST(OpenPack, application_and_embedded_btf_are_handed_over) {
  PackBox box;
  const Result<OpenedPack> pack = box.open(fake_app_pack().bytes());
  ASSERT_TRUE(pack) << pack.error().message;
  ASSERT_TRUE(pack->app && pack->btf);
  EXPECT_EQ(pack->app->app.path, "/opt/agent") << "as the user named it";
  EXPECT_EQ(*read_file(pack->app->file, 100), "an application");
  EXPECT_EQ(*read_file(pack->btf->file, 100), "BTF");
}

TEST(OpenPack, a_kernel_is_one_whose_files_are_there) {
  PackBox box;
  const Result<OpenedPack> pack = box.open(fake_kernel_pack().bytes());
  ASSERT_TRUE(pack) << pack.error().message;
  ASSERT_TRUE(pack->kernel);
  EXPECT_EQ(*read_file(pack->kernel->image, 100), "an image");
  EXPECT_TRUE(fs::exists(*pack->kernel->modules / "modules.builtin"));
}

TEST(OpenPack, the_published_schema_of_the_manifest_is_what_is_read) {
  expect_golden(BPFMATRIX_SOURCE_DIR "/harness/repro/manifest.schema.json",
                json_text(manifest_schema(), 1) + "\n");
}

/// Whatever became of it on the way: an error, or what went in.
TEST(OpenPack, a_pack_with_any_byte_changed_is_refused_or_as_it_was) {
  const FakePack fake = fake_case_pack();
  const std::string good = fake.bytes();
  int refused = 0;
  for (std::size_t at = 0; at < good.size(); at += 29) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    PackBox box;
    const Result<OpenedPack> pack = box.open(bytes);
    refused += pack ? 0 : 1;
    // The manifest is listed nowhere, so a word of it may be another.
    if (pack) {
      EXPECT_EQ(to_line(pack->outcome), to_line(fake.outcome)) << at;
    }
    box.expect_tidy();
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace bpfmatrix
