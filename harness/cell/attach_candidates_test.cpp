#include "cell/attach_candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A kernel of x86_64 as far as the tests need it.
KernelFacts facts() {
  KernelFacts facts;
  facts.symbols.add(SymbolList::kallsyms,
                    {"__x64_sys_connect", "__ia32_sys_connect", "__sys_connect", "do_unlinkat",
                     "tcp_v4_rcv.isra.0", "tcp_v4_rcv.cold", "__alloc_pages", "kmalloc_noprof",
                     "bpf_lsm_file_open", "notrace_one", "asm_exc_debug"});
  facts.symbols.add(SymbolList::traceable, {"__x64_sys_connect", "__sys_connect", "do_unlinkat"});
  facts.symbols.add(SymbolList::blacklist, {"asm_exc_debug"});
  facts.symbols.add(SymbolList::btf, {"__sys_connect", "do_unlinkat", "bpf_lsm_file_open"});
  facts.tracepoints = {"syscalls:sys_enter_connect", "syscalls:sys_enter_accept",
                       "raw_syscalls:sys_enter", "tcp:tcp_probe", "sock:inet_sock_set_state"};
  return facts;
}

std::vector<std::string> names(std::string_view method, std::string_view asked) {
  std::vector<std::string> found;
  for (const AttachCandidate& one : attach_candidates(method, asked, facts())) {
    found.push_back(one.symbol);
  }
  return found;
}

TEST(AttachCandidates, the_entries_of_a_system_call_stand_for_one_another) {
  EXPECT_THAT(names("kprobe", "sys_connect"), ElementsAre("sys_connect", "__x64_sys_connect",
                                                          "__ia32_sys_connect", "__sys_connect"));
  EXPECT_THAT(names("kretprobe", "__arm64_sys_connect"),
              ElementsAre("__arm64_sys_connect", "__x64_sys_connect", "__ia32_sys_connect",
                          "__sys_connect"));
  EXPECT_THAT(names("ksyscall", "connect"),
              ElementsAre("__x64_sys_connect", "__ia32_sys_connect", "__sys_connect"));
}

TEST(AttachCandidates, what_was_asked_for_comes_first_and_what_is_known_of_it) {
  const std::vector<AttachCandidate> found = attach_candidates("fentry", "sys_connect", facts());
  ASSERT_GE(found.size(), 4U);
  EXPECT_EQ(found[0].in_kallsyms, false);
  EXPECT_EQ(found[0].in_btf, false);
  EXPECT_EQ(found[3].symbol, "__sys_connect");
  EXPECT_EQ(found[3].in_kallsyms, true);
  EXPECT_EQ(found[3].traceable, true);
  EXPECT_EQ(found[3].blacklisted, false);
  EXPECT_EQ(found[3].in_btf, true);
  EXPECT_EQ(found[3].is_event, std::nullopt);
}

TEST(AttachCandidates, what_the_compiler_and_macros_made_of_a_function_is_found) {
  EXPECT_THAT(names("kprobe", "tcp_v4_rcv"),
              ElementsAre("tcp_v4_rcv", "tcp_v4_rcv.cold", "tcp_v4_rcv.isra.0"));
  EXPECT_THAT(names("kprobe", "alloc_pages"), ElementsAre("alloc_pages", "__alloc_pages"));
  EXPECT_THAT(names("kprobe", "kmalloc"), ElementsAre("kmalloc", "kmalloc_noprof"));
  EXPECT_THAT(names("kprobe", "do_unlinkat+0x10"), ElementsAre("do_unlinkat"));
}

TEST(AttachCandidates, tracepoints_are_found_in_other_groups_and_near_by) {
  EXPECT_THAT(names("tracepoint", "syscalls/sys_enter_conect"),
              ElementsAre("syscalls:sys_enter_conect", "syscalls:sys_enter_connect"));
  EXPECT_THAT(names("tracepoint", "tcp/inet_sock_set_state"),
              ElementsAre("tcp:inet_sock_set_state", "sock:inet_sock_set_state"));
  EXPECT_THAT(names("raw_tracepoint", "sys_enter"), ElementsAre("raw_syscalls:sys_enter"));
  EXPECT_THAT(names("tp_btf", "sys_entr"), ElementsAre("sys_entr", "raw_syscalls:sys_enter"));
  EXPECT_EQ(attach_candidates("tracepoint", "tcp/none", facts()).front().is_event, false);
  // An event without a file in tracefs is one nevertheless.
  EXPECT_EQ(attach_candidates("tp_btf", "nothing_like_it", facts()).front().is_event, std::nullopt);
}

TEST(AttachCandidates, hooks_are_functions_of_the_kernels_btf) {
  const std::vector<AttachCandidate> found = attach_candidates("lsm", "file_open", facts());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].symbol, "bpf_lsm_file_open");
  EXPECT_EQ(found[0].in_btf, true);
}

TEST(AttachCandidates, what_has_no_name_in_the_kernel_has_no_candidates) {
  for (const char* method : {"xdp", "tc", "uprobe", "cgroup", ""}) {
    EXPECT_THAT(names(method, "lo"), IsEmpty()) << method;
  }
  EXPECT_THAT(names("kprobe.multi", "tcp_*"), IsEmpty());
  EXPECT_THAT(names("kprobe", ""), IsEmpty());
}

TEST(AttachCandidates, what_is_not_known_of_the_kernel_is_null) {
  const std::vector<AttachCandidate> found = attach_candidates("kprobe", "sys_connect", {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].in_kallsyms, std::nullopt);
  EXPECT_EQ(attach_candidates("tracepoint", "a/b", {}).front().is_event, std::nullopt);
}

TEST(AttachCandidates, a_program_that_was_never_attached_is_taken_by_its_section) {
  EXPECT_EQ(candidates_of("?fentry.s/__sys_connect", "", "", facts()).front().symbol,
            "__sys_connect");
  EXPECT_EQ(candidates_of("kprobe/renamed", "kprobe", "do_unlinkat", facts()).front().symbol,
            "do_unlinkat");
}

TEST(AttachCandidates, a_kernel_with_thousands_of_parts_of_one_function_gives_a_few) {
  std::vector<std::string> parts;
  for (int i = 0; i < 5000; ++i) parts.push_back("f.part." + std::to_string(i));
  KernelFacts many;
  many.symbols.add(SymbolList::kallsyms, {parts.begin(), parts.end()});
  EXPECT_LE(attach_candidates("kprobe", "f", many).size(), 24U);
}

}  // namespace
}  // namespace bpfmatrix
