#include "guest/messages.h"

#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

/// Through bytes and back: what a message is on the other side.
template <typename Message>
Result<Message> over_the_wire(const Message& message) {
  Decoder decoder;
  decoder.feed(*Encoder().encode(to_frame(message, "blob")));
  return from_frame<Message>(**decoder.next());
}

TEST(Messages, hello_keeps_every_field) {
  const Hello sent{"0.1.0", "6.1.0-50", "x86_64", 1855, "quiet", "virtio", 4111222, {"a", "b"}};
  const auto hello = over_the_wire(sent);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->agent_version, sent.agent_version);
  EXPECT_EQ(hello->release, sent.release);
  EXPECT_EQ(hello->arch, sent.arch);
  EXPECT_EQ(hello->boot_ms, sent.boot_ms);
  EXPECT_EQ(hello->kernel_cmdline, sent.kernel_cmdline);
  EXPECT_EQ(hello->channel, sent.channel);
  EXPECT_EQ(hello->btf_bytes, sent.btf_bytes);
  EXPECT_EQ(hello->notes, sent.notes);
}

TEST(Messages, a_kernel_without_btf_says_so_by_absence) {
  EXPECT_EQ(over_the_wire(Hello{})->btf_bytes, std::nullopt);
}

TEST(Messages, run_keeps_every_field) {
  const RunRequest sent{{"/bin/x", "-v"},
                        {{"PATH", "/bin"}, {"A", ""}},
                        60000,
                        true,
                        true,
                        65536,
                        true,
                        {"CAP_BPF"},
                        "integrity",
                        {"/m/a.ko"},
                        {{"/proc/sys/kernel/x", "1"}},
                        true};
  const auto run = over_the_wire(sent);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->argv, sent.argv);
  EXPECT_EQ(run->environment, sent.environment);
  EXPECT_EQ(run->deadline_ms, sent.deadline_ms);
  EXPECT_TRUE(run->hide_btf);
  EXPECT_TRUE(run->hold_input);
  EXPECT_EQ(run->memlock_bytes, 65536);
  EXPECT_TRUE(run->limit_capabilities);
  EXPECT_EQ(run->capabilities, sent.capabilities);
  EXPECT_EQ(run->lockdown, "integrity");
  EXPECT_EQ(run->modules, sent.modules);
  EXPECT_EQ(run->sysctl, sent.sysctl);
  EXPECT_TRUE(run->count_ids);
}

TEST(Messages, exited_keeps_every_field) {
  const Exited sent{std::nullopt, 9, true, 1, 2, 3, false, 4, 5, {{"module x.ko"}}, {"pins"}};
  const auto exited = over_the_wire(sent);
  ASSERT_TRUE(exited);
  EXPECT_EQ(exited->code, std::nullopt);
  EXPECT_EQ(exited->signal, 9);
  EXPECT_TRUE(exited->timed_out);
  EXPECT_EQ(exited->dropped_out_bytes, 1);
  EXPECT_EQ(exited->dropped_err_bytes, 2);
  EXPECT_EQ(exited->wall_ms, 3);
  EXPECT_EQ(exited->programs_made, 4);
  EXPECT_EQ(exited->maps_made, 5);
  EXPECT_EQ(exited->refused, sent.refused);
  EXPECT_EQ(exited->memlock_counted, false);
  EXPECT_EQ(exited->leftovers, sent.leftovers);
}

TEST(Messages, refresh_keeps_its_time_to_the_nanosecond) {
  const auto refresh = over_the_wire(Refresh{1'700'000'000'123'456'789, "random"});
  EXPECT_EQ(refresh->unix_ns, 1'700'000'000'123'456'789);
  EXPECT_EQ(refresh->random, "random");
  EXPECT_EQ(over_the_wire(Refresh{-1})->unix_ns, -1);
}

TEST(Messages, a_refresh_of_another_length_is_none) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{7}, 8 + kRefreshBytes + 1}) {
    EXPECT_FALSE(from_frame<Refresh>({FrameType::refresh, {}, std::string(bytes, 'x')})) << bytes;
  }
}

TEST(Messages, a_trigger_and_its_answer_keep_their_fields) {
  EXPECT_EQ(over_the_wire(TriggerRequest{{"/init", "-x"}})->command[1], "-x");
  const Triggered sent{{{"pid", 12}, {"ret", -115}}, {{"comm", "trig"}}, {{"connect", -115}}};
  const auto triggered = over_the_wire(sent);
  ASSERT_TRUE(triggered) << triggered.error().message;
  EXPECT_EQ(triggered->numbers, sent.numbers);
  EXPECT_EQ(triggered->texts, sent.texts);
  EXPECT_EQ(triggered->performed, sent.performed);
}

TEST(Messages, a_truth_is_an_integer_or_a_text_in_its_place) {
  Frame frame = to_frame(Triggered{});
  frame.header["numbers"] = {{"pid", "12"}};
  EXPECT_EQ(from_frame<Triggered>(frame).error().message,
            "'triggered: numbers': key 'pid': wanted an integer, got string");
}

TEST(Messages, what_was_performed_is_read_strictly) {
  Frame frame = to_frame(Triggered{});
  frame.header["performed"] = {{{"name", "getpid"}, {"ret", 1}, {"extra", 2}}};
  EXPECT_EQ(from_frame<Triggered>(frame).error().message,
            "'triggered: performed[0]': unknown key 'extra'");
  frame.header["performed"] = {"getpid"};
  EXPECT_EQ(from_frame<Triggered>(frame).error().message,
            "'triggered': key 'performed[0]': wanted an object, got string");
  frame.header.erase("performed");
  EXPECT_EQ(from_frame<Triggered>(frame).error().message, "'triggered': key 'performed': missing");
}

TEST(Messages, the_small_ones_keep_theirs) {
  EXPECT_EQ(over_the_wire(PutFile{"/run/bpfmatrix/x", 0755, 12})->mode, 0755);
  EXPECT_EQ(over_the_wire(Stored{12, 0xffffffff})->crc32c, 0xffffffff);
  EXPECT_EQ(over_the_wire(ReadFile{"/proc/kallsyms", 99})->max_bytes, 99);
  EXPECT_TRUE(over_the_wire(FileEnd{5, true})->truncated);
  EXPECT_TRUE(over_the_wire(Input{true})->last);
  EXPECT_EQ(over_the_wire(Write{"/proc/sysrq-trigger"})->path, "/proc/sysrq-trigger");
  EXPECT_EQ(over_the_wire(Failed{"no such file"})->message, "no such file");
}

TEST(Messages, an_unknown_key_a_missing_key_and_a_wrong_type_are_refused) {
  Frame frame = to_frame(Stored{1, 2});
  frame.header["extra"] = 1;
  EXPECT_EQ(from_frame<Stored>(frame).error().message, "'stored': unknown key 'extra'");
  frame.header = {{"bytes", 1}};
  EXPECT_EQ(from_frame<Stored>(frame).error().message, "'stored': key 'crc32c': missing");
  frame.header = {{"bytes", "one"}, {"crc32c", 2}};
  EXPECT_EQ(from_frame<Stored>(frame).error().message,
            "'stored': key 'bytes': wanted an integer, got string");
}

TEST(Messages, a_frame_of_another_type_is_refused) {
  EXPECT_EQ(from_frame<Stored>(to_frame(Input{})).error().message,
            "'input' where 'stored' was due");
}

TEST(Messages, an_inventory_keeps_every_field_and_may_be_larger_than_the_json_of_a_frame) {
  Inventory sent{{{7, 2, "on_connect", 3}}, {8}, {{{9, 7, 7}}}, {7}, true};
  sent.programs.resize(kMaxInventory, {1, 2, "a_program_here_", 4});
  const auto inventory = over_the_wire(sent);
  ASSERT_TRUE(inventory);
  ASSERT_EQ(inventory->programs.size(), kMaxInventory);
  EXPECT_EQ(inventory->programs[0].name, "on_connect");
  EXPECT_EQ(inventory->programs[0].run_cnt, 3U);
  ASSERT_EQ(inventory->maps.size(), 1U);
  EXPECT_EQ(inventory->maps[0], 8U);
  ASSERT_TRUE(inventory->links);
  EXPECT_EQ(inventory->links->at(0).program, 7U);
  EXPECT_EQ(inventory->attached, std::vector<std::uint32_t>{7});
  EXPECT_TRUE(inventory->attached_whole);
}

}  // namespace
}  // namespace bpfmatrix
