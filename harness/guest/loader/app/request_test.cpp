#include "guest/loader/app/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace bpfmatrix::guest {
namespace {

Json whole_request() {
  return Json::parse(R"({"contract":1,"object":"/o","btf":null,"attach":true,"hold":true,
    "app":{"name":"app","version":"sha256 ab","argv":["/bin/app","/o","--once"],
      "environment":{"RUST_LOG":"debug"},"quiet_ms":300,"maps":["observed"],
      "programs":[{"name":"on","section":"kprobe/x","type":"kprobe","instructions":41}]}})");
}

TEST(AppRequest, is_read_whole) {
  const auto request = parse_app_request(whole_request().dump());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->name, "app");
  EXPECT_TRUE(request->hold);
  EXPECT_EQ(request->quiet_ms, 300);
  EXPECT_THAT(request->line.argv, ::testing::ElementsAre("/bin/app", "/o", "--once"));
  EXPECT_THAT(
      request->line.environment,
      ::testing::ElementsAre("TZ=UTC", "BPFMATRIX_OBJECT=/o", "BPFMATRIX_BTF=", "RUST_LOG=debug"));
  ASSERT_EQ(request->programs.size(), 1U);
  EXPECT_EQ(request->programs[0].instructions, 41U);
}

TEST(AppRequest, may_wait_until_it_is_told) {
  Json json = whole_request();
  EXPECT_EQ(parse_app_request(json.dump())->told_ms, 0);
  json["app"]["told_ms"] = 60000;
  EXPECT_EQ(parse_app_request(json.dump())->told_ms, 60000);
  EXPECT_EQ(parse_app_request(json.dump())->longest_ms, 0);
}

TEST(AppRequest, globals_are_handed_over_for_the_command_to_set) {
  Json json = whole_request();
  json["globals"] = {{"level", 5}};
  json["insns"] = true;
  const auto request = parse_app_request(json.dump());
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->insns);
  EXPECT_THAT(request->line.environment, ::testing::Contains(R"(BPFMATRIX_GLOBALS={"level":5})"));
}

TEST(AppRequest, what_is_missing_or_wrong_is_named) {
  const struct {
    const char* pointer;
    Json value;
    const char* message;
  } kCases[] = {
      {"/contract", 2, "'request': key 'contract': this loader speaks 1"},
      {"/app", nullptr, "'request': key 'app': missing"},
      {"/app/argv", Json::array(), "'request: app': key 'argv': empty"},
      {"/app/environment/RUST_LOG", 1, "'request: app': key 'environment': wanted texts only"},
      {"/app/programs/0/section", 1,
       "'request: app: programs': key 'section': wanted a string, got number"},
      {"/app/more", 1, "'request: app': unknown key 'more'"},
  };
  for (const auto& [pointer, value, message] : kCases) {
    Json json = whole_request();
    json[Json::json_pointer(pointer)] = value;
    const auto request = parse_app_request(json.dump());
    ASSERT_FALSE(request) << pointer;
    EXPECT_EQ(request.error().message, message);
  }
}

}  // namespace
}  // namespace bpfmatrix::guest
