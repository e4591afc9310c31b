#include "guest/loader/libbpf/globals.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "base/child_process.h"
#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix::guest {
namespace {

constexpr std::string_view kSource = R"(
const volatile unsigned level = 3;
const volatile signed char small = -1;
long long limit = 100;
int table[4] = {1};
struct { unsigned short port; char name[8]; } cfg = {1, "x"};
__attribute__((section("xdp"), used)) int prog(void *c) {
  return level + small + limit + table[0] + cfg.port + cfg.name[0];
}
char l[] __attribute__((section("license"))) = "GPL";
)";

struct Close {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

class GlobalsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    libbpf_set_print(nullptr);
    const auto source = dir_->path() / "o.c";
    const auto output = dir_->path() / "o.o";
    ASSERT_TRUE(write_file(source, kSource));
    ASSERT_TRUE(run_command({.argv = {"clang", "-g", "-O2", "-target", "bpf", "-c", source.string(),
                                      "-o", output.string()}},
                            std::chrono::seconds(60)));
    object_.reset(bpf_object__open_file(output.c_str(), nullptr));
    ASSERT_TRUE(object_);
  }

  std::string section(std::string_view name) const {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object_.get()) {
      std::size_t size = 0;
      if (!std::string_view(bpf_map__name(map)).ends_with(name)) continue;
      const void* bytes = bpf_map__initial_value(map, &size);
      return {static_cast<const char*>(bytes), size};
    }
    return "";
  }

  std::string error_of(const GlobalValues& globals) {
    const Result<> set = set_globals(object_.get(), globals);
    return set ? "" : set.error().message;
  }

  Result<TempDir> dir_ = TempDir::create();
  std::unique_ptr<bpf_object, Close> object_{};
};

template <typename T>
bool holds(const std::string& section, T value) {
  const std::string_view bytes(reinterpret_cast<const char*>(&value), sizeof value);
  return section.find(bytes) != std::string::npos;
}

TEST_F(GlobalsTest, a_value_lands_in_its_variable_and_leaves_the_others) {
  EXPECT_EQ(error_of({{"level", 0x01020304}, {"limit", -0x0102030405060708}}), "");
  EXPECT_TRUE(holds(section(".rodata"), 0x01020304));
  EXPECT_TRUE(holds(section(".rodata"), static_cast<signed char>(-1)));
  EXPECT_TRUE(holds(section(".data"), std::int64_t{-0x0102030405060708}));
  EXPECT_TRUE(holds(section(".data"), 1));
}

TEST_F(GlobalsTest, what_is_not_there_or_does_not_fit_is_refused_by_name) {
  EXPECT_EQ(error_of({{"lvl", 1}}), "no global variable 'lvl'");
  EXPECT_EQ(error_of({{"table", 1}}), "global variable 'table': not an integer");
  EXPECT_EQ(error_of({{"level", -1}}), "global variable 'level': -1 does not fit");
  EXPECT_EQ(error_of({{"small", 128}}), "global variable 'small': 128 does not fit");
  EXPECT_EQ(error_of({{"small", -128}, {"level", 0xffffffff}}), "");
}

GlobalValue text(const char* value) {
  GlobalValue global;
  global.value = std::string(value);
  return global;
}

GlobalValue list(std::vector<std::int64_t> values) {
  GlobalValue global;
  global.value = std::move(values);
  return global;
}

TEST_F(GlobalsTest, texts_arrays_members_and_elements_are_set_by_their_path) {
  EXPECT_EQ(error_of({{"table", list({7, 8})},
                      {"table[3]", 9},
                      {"cfg.port", 0x1234},
                      {"cfg.name", text("eth0")}}),
            "");
  const std::string data = section(".data");
  const std::string table("\7\0\0\0\10\0\0\0\0\0\0\0\11\0\0\0", 16);
  EXPECT_NE(data.find(table), std::string::npos);
  EXPECT_NE(data.find(std::string("\x34\x12"
                                  "eth0\0\0\0\0",
                                  10)),
            std::string::npos);
}

TEST_F(GlobalsTest, a_part_that_is_not_there_is_refused_by_its_path) {
  EXPECT_EQ(error_of({{"cfg.prt", 1}}), "no global variable 'cfg.prt'");
  EXPECT_EQ(error_of({{"table[4]", 1}}), "no global variable 'table[4]'");
  EXPECT_EQ(error_of({{"table[", 1}}), "no global variable 'table['");
  EXPECT_EQ(error_of({{"level.x", 1}}), "no global variable 'level.x'");
  EXPECT_EQ(error_of({{"table", list({1, 2, 3, 4, 5})}}),
            "global variable 'table': no room for 5 elements");
  EXPECT_EQ(error_of({{"cfg.name", text("12345678")}}),
            "global variable 'cfg.name': no room for 9 bytes");
  EXPECT_EQ(error_of({{"level", text("x")}}), "global variable 'level': no array of characters");
}

}  // namespace
}  // namespace bpfmatrix::guest
