#include "matrix/user_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Result<UserSpace> user_space_of(const std::string& json) {
  const Result<Json> parsed = parse_json(json, "p.json");
  EXPECT_TRUE(parsed) << json;
  ObjectReader reader(*parsed, "p.json");
  UserSpace user = read_user_space(reader);
  if (Result<> done = reader.finish(); !done) return std::move(done).error();
  return user;
}

ConditionFacts on_kernel(const char* version) {
  ConditionFacts facts;
  facts.kernel = parse_kernel_version(version);
  facts.has = [](const std::string& name) {
    return name == "there" ? Ternary::yes : name == "not_there" ? Ternary::no : Ternary::unknown;
  };
  return facts;
}

AskedOfLoader asked(const std::string& json, const std::vector<ProgramName>& programs,
                    const ConditionFacts& facts) {
  const Result<UserSpace> user = user_space_of(json);
  EXPECT_TRUE(user) << user.error().message;
  Result<AskedOfLoader> asked = asked_of_loader(*user, programs, facts);
  EXPECT_TRUE(asked) << asked.error().message;
  return asked ? *asked : AskedOfLoader{};
}

TEST(UserSpace, what_a_kernel_needs_is_chosen_by_conditions_in_order) {
  const char* json = R"j({
    "globals": {"debug": true, "name": "x", "ports": [1, 2],
                "arg": [{"when": "kernel < 5.12", "value": 1}, {"value": 2}]},
    "autoload": {"fentry__*": "has(there)", "kprobe__*": "not has(there)", "fentry__off": false},
    "attach": {"fentry__a": [{"when": "kernel >= 6.18", "function": "new"}, {"function": "old"}],
               "fentry__b": false}})j";
  const std::vector<ProgramName> programs{
      {"fentry__a"}, {"fentry__b"}, {"fentry__off"}, {"kprobe__a"}, {"other"}};
  const AskedOfLoader old = asked(json, programs, on_kernel("5.10.1"));
  EXPECT_EQ(std::get<std::int64_t>(old.globals.at("arg").value), 1);
  EXPECT_EQ(std::get<std::int64_t>(old.globals.at("debug").value), 1);
  EXPECT_THAT(old.settings.left_out, ElementsAre("fentry__off", "kprobe__a"));
  EXPECT_THAT(old.settings.unattached, ElementsAre("fentry__b"));
  EXPECT_EQ(old.settings.attach.at("fentry__a").function, "old");
  const AskedOfLoader now = asked(json, programs, on_kernel("6.18"));
  EXPECT_EQ(std::get<std::int64_t>(now.globals.at("arg").value), 2);
  EXPECT_EQ(now.settings.attach.at("fentry__a").function, "new");
}

TEST(UserSpace, most_can_be_left_unattached_and_some_attached_as_their_sections_say) {
  const AskedOfLoader some =
      asked(R"({"attach": {"*": false, "entry": true}})", {{"entry"}, {"tail"}}, on_kernel("6.1"));
  EXPECT_THAT(some.settings.unattached, ElementsAre("tail"));
  EXPECT_TRUE(some.settings.attach.contains("entry"));
}

TEST(UserSpace, a_condition_that_decides_and_is_not_known_is_an_error_and_no_guess) {
  const Result<UserSpace> user = user_space_of(R"j({"autoload": {"a": "has(nobody_knows)"}})j");
  const Result<AskedOfLoader> unknown = asked_of_loader(*user, {{"a"}}, on_kernel("6.1"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message, "'a': not known whether 'has(nobody_knows)' holds");
  EXPECT_TRUE(asked_of_loader(*user, {{"b"}}, on_kernel("6.1"))) << "it decides nothing here";
}

TEST(UserSpace, a_program_on_request_is_loaded_when_it_is_named) {
  const AskedOfLoader both =
      asked(R"({"autoload": {"a": true}})", {{"a", true}, {"b", true}}, on_kernel("6.1"));
  EXPECT_THAT(both.settings.loaded, ElementsAre("a"));
  EXPECT_THAT(both.settings.left_out, IsEmpty());
}

TEST(UserSpace, sizes_are_numbers_or_what_the_machine_has) {
  const AskedOfLoader sized = asked(
      R"({"maps": {"a": {"max_entries": "cpus"}, "b": {"max_entries": "page_size * 64"},
                   "c": {"value_size": 8, "inner": {"type": "hash", "key_size": 4,
                         "value_size": 8, "max_entries": "cpus"}},
                   "d": {"inner": {"type": "ringbuf"}}}})",
      {}, on_kernel("6.1"));
  EXPECT_EQ(sized.settings.maps.at("a").max_entries->of, AmountOf::cpus);
  EXPECT_EQ(to_string(*sized.settings.maps.at("b").max_entries), "page_size * 64");
  EXPECT_EQ(sized.settings.maps.at("c").inner->type, "hash");
  EXPECT_EQ(sized.settings.maps.at("c").inner->max_entries->of, AmountOf::cpus);
  EXPECT_FALSE(sized.settings.maps.at("d").inner->max_entries) << "the guest chooses one";
}

TEST(UserSpace, settings_of_the_kernel_are_written_by_their_path) {
  const Result<UserSpace> user =
      user_space_of(R"({"modules": ["nf_conntrack"], "sysctl": {"net.core.bpf_jit_harden": 2}})");
  ASSERT_TRUE(user) << user.error().message;
  EXPECT_THAT(user->sysctl, ElementsAre(Pair("net.core.bpf_jit_harden", "2")));
  EXPECT_EQ(sysctl_path("net.core.bpf_jit_harden"), "/proc/sys/net/core/bpf_jit_harden");
  EXPECT_EQ(sysctl_path("net/ipv4/conf/eth0.1/forwarding"),
            "/proc/sys/net/ipv4/conf/eth0.1/forwarding");
}

struct BadUserSpace {
  const char* json;
  const char* problem;
};
const BadUserSpace kBadUserSpaces[] = {
    {R"({"maps": {"a": {"max_entries": "many"}}})", "'many' is no size"},
    {R"({"maps": {"a": {"max_entries": "cpus * 0"}}})", "'cpus * 0' is no size"},
    {R"({"maps": {"a": {"max_entries": -1}}})", "max_entries"},
    {R"({"maps": {"a": {"maxentries": 1}}})", "unknown key 'maxentries'"},
    {R"({"globals": {"a": 1.5}})", "wanted an integer, a boolean, a text or an array of integers"},
    {R"({"globals": {"a": [{"when": "kernel <", "value": 1}]}})", "key 'globals'"},
    {R"({"globals": {"a": [{"when": "always"}]}})", "a choice: wanted 'value'"},
    {R"({"autoload": {"a": 1}})", "'a': wanted true, false or a condition"},
    {R"({"autoload": {"a": "kernel"}})", "key 'autoload'"},
    {R"({"attach": {"a": 1}})", "'a': wanted true, false, a place, or several"},
    {R"({"attach": {"a": []}})", "'a': names no place"},
    {R"({"attach": {"a": {"symbol": "f"}}})", "'a': wanted one of 'function'"},
    {R"({"attach": {"a": {"file": "/x"}}})", "'a': 'file' needs 'symbol' or 'offset'"},
    {R"({"attach": {"a": {"tracepoint": "sched"}}})", "wanted CATEGORY:NAME"},
    {R"({"attach": {"a": {"function": "f", "map": "m"}}})", "'a': wanted one of 'function'"},
    {R"({"one_of": [["a"]]})", "a group needs two programs or more"},
    {R"({"modules": ["../evil"]})", "'../evil' is no name of a module"},
    {R"({"sysctl": {"../../etc/passwd": 1}})", "is no name of a setting"},
    {R"({"sysctl": {"/etc/passwd": 1}})", "is no name of a setting"},
    {R"({"sysctl": {"kernel.x": []}})", "'kernel.x': wanted a number or a text"},
};
TEST(UserSpace, one_clear_error_for_each_mistake) {
  for (const BadUserSpace& bad : kBadUserSpaces) {
    const Result<UserSpace> user = user_space_of(bad.json);
    ASSERT_FALSE(user) << bad.json;
    EXPECT_THAT(user.error().message, HasSubstr(bad.problem)) << bad.json;
  }
}

}  // namespace
}  // namespace bpfmatrix
