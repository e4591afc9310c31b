#include "vm/template.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

const VmSpec kSpec{.memory_mib = 1};

/// A template as freeze() leaves it, of a machine that never was.
class TemplateFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_template_ram(folder(), kSpec.memory_mib));
    ASSERT_TRUE(write_file(folder() / kTemplateState, "the state"));
    record_ = {{"format", 1},
               {"release", "6.1.0"},
               {"channel", "serial"},
               {"ram_bytes", 1 << 20},
               {"ram_changed_ns", changed_ns()},
               {"state_bytes", 9},
               {"state_sha256", sha256_hex("the state")}};
    ASSERT_TRUE(write_record());
  }

  fs::path folder() const { return dir_->path(); }
  std::int64_t changed_ns() const {
    struct stat info {};
    EXPECT_EQ(::stat((folder() / kTemplateRam).c_str(), &info), 0);
    return info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec;
  }
  Result<> write_record() const { return write_file(folder() / kTemplateRecord, record_.dump()); }
  bool opens() const { return Template::open(folder(), kSpec).has_value(); }

  Json record_{};

 private:
  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(TemplateFolder, is_a_template) {
  const auto made = Template::open(folder(), kSpec);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->channel(), ChannelKind::serial);
  EXPECT_EQ(made->release(), "6.1.0");
  EXPECT_EQ(*template_release(folder()), "6.1.0");
}

TEST_F(TemplateFolder, is_none_without_one_of_its_files) {
  for (const auto file : {kTemplateState, kTemplateRam, kTemplateRecord}) {
    fs::rename(folder() / file, folder() / "away");
    EXPECT_FALSE(opens()) << file;
    fs::rename(folder() / "away", folder() / file);
    EXPECT_TRUE(opens()) << file;
  }
}

TEST_F(TemplateFolder, is_none_when_the_ram_is_shorter) {
  fs::resize_file(folder() / kTemplateRam, 4096);
  EXPECT_FALSE(opens());
}

TEST_F(TemplateFolder, is_none_when_the_ram_was_written_to) {
  std::fstream(folder() / kTemplateRam, std::ios::in | std::ios::out) << "x";
  EXPECT_EQ(fs::file_size(folder() / kTemplateRam), 1U << 20);
  EXPECT_FALSE(opens());
}

TEST_F(TemplateFolder, is_none_for_a_machine_of_another_size) {
  VmSpec larger = kSpec;
  larger.memory_mib = 2;
  EXPECT_FALSE(Template::open(folder(), larger));
}

TEST_F(TemplateFolder, is_none_when_the_state_is_another) {
  ASSERT_TRUE(write_file(folder() / kTemplateState, "the st4te"));
  EXPECT_FALSE(opens());
  ASSERT_TRUE(write_file(folder() / kTemplateState, "the sta"));
  EXPECT_FALSE(opens());
}

TEST_F(TemplateFolder, is_none_when_the_record_is_damaged) {
  const Json whole = record_;
  for (const auto& [key, value] : whole.items()) {
    record_ = whole;
    record_.erase(key);
    ASSERT_TRUE(write_record());
    EXPECT_FALSE(opens()) << "without " << key;
    record_[key] = value.is_string() ? Json(7) : Json("seven");
    ASSERT_TRUE(write_record());
    EXPECT_FALSE(opens()) << "with another " << key;
  }
  record_ = whole;
  record_["format"] = 2;
  ASSERT_TRUE(write_record());
  EXPECT_FALSE(opens());
  const std::string text = whole.dump();
  for (std::size_t size = 0; size < text.size(); size += 7) {
    ASSERT_TRUE(write_file(folder() / kTemplateRecord, text.substr(0, size)));
    EXPECT_FALSE(opens()) << size;
  }
}

TEST_F(TemplateFolder, notices_what_changes_after_it_was_opened) {
  const auto made = Template::open(folder(), kSpec);
  ASSERT_TRUE(made);
  fs::resize_file(folder() / kTemplateRam, 4096);
  const auto clone = made->clone("", Clock::now());
  ASSERT_FALSE(clone);
  EXPECT_EQ(clone.error().message, "the template's RAM changed since it was frozen");
}

TEST_F(TemplateFolder, ram_is_never_written_over) { EXPECT_FALSE(make_template_ram(folder(), 1)); }

}  // namespace
}  // namespace bpfmatrix
