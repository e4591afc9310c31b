// The witness between libbpf and a kernel that is played here: what it is asked is written down,
// and it answers as real ones do.
#include "guest/loader/libbpf/witness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <functional>
#include <vector>

namespace bpfmatrix::guest {
namespace {

constexpr const char* kStatistics =
    "verification time 12 usec\nstack depth 8\nprocessed 7 insns (limit 1000000) "
    "max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0\n";

/// One bpf(2) as it reached the kernel.
struct Call {
  int command = 0;
  bpf_attr attr{};
  unsigned size = 0;
  /// The caller's own, which the kernel may write into.
  bpf_attr* sent = nullptr;

  bool is_trivial() const { return attr.insn_cnt == 2; }
  void write_log(const char* text) const {
    std::strcpy(reinterpret_cast<char*>(static_cast<std::uintptr_t>(attr.log_buf)), text);
  }
};

/// Answers 0 or a descriptor, or a negative errno.
std::function<long(const Call&)> g_kernel;
std::vector<Call> g_calls;

long descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

/// A kernel since 5.2, which can give statistics alone.
long accept(const Call& call) {
  if (call.command == BPF_OBJ_GET_INFO_BY_FD) return 0;
  if (call.attr.log_buf != 0) call.write_log(kStatistics);
  return descriptor();
}

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() {
    g_calls.clear();
    g_kernel = accept;
    witness_.expect(2, [this](std::size_t program, LoadReport report) {
      programs_.push_back(program);
      reports_.push_back(std::move(report));
    });
    insns_[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
    insns_[2].code = BPF_JMP | BPF_EXIT;
  }

  bpf_attr attr_of(std::size_t program) {
    bpf_attr attr{};
    attr.prog_type = BPF_PROG_TYPE_KPROBE;
    attr.insns = reinterpret_cast<std::uintptr_t>(insns_);
    attr.insn_cnt = 3;
    attr.log_buf = reinterpret_cast<std::uintptr_t>(witness_.marker(program));
    attr.log_level = 1;
    attr.log_size = Witness::kMarkerBytes;
    return attr;
  }
  long load(bpf_attr attr) { return witness_.bpf(BPF_PROG_LOAD, &attr, sizeof attr); }
  /// Of the programs of three instructions, which are the object's.
  static std::vector<Call> loads() {
    std::vector<Call> loads;
    for (const Call& call : g_calls) {
      if (call.command == BPF_PROG_LOAD && !call.is_trivial()) loads.push_back(call);
    }
    return loads;
  }

  Witness witness_{};
  bpf_insn insns_[3] = {};
  std::vector<std::size_t> programs_{};
  std::vector<LoadReport> reports_{};
};

TEST_F(WitnessTest, a_program_is_known_by_its_log_buffer_and_asked_for_its_statistics) {
  const long fd = load(attr_of(1));
  EXPECT_GE(fd, 0);
  ::close(static_cast<int>(fd));
  ASSERT_EQ(loads().size(), 1U);
  EXPECT_EQ(loads()[0].attr.log_level, 4U) << "BPF_LOG_STATS";
  EXPECT_NE(loads()[0].attr.log_buf, reinterpret_cast<std::uintptr_t>(witness_.marker(1)));
  ASSERT_EQ(programs_, std::vector<std::size_t>{1});
  EXPECT_FALSE(reports_[0].stage.failed);
  EXPECT_EQ(reports_[0].instructions, 3U);
  EXPECT_EQ(reports_[0].log_stats.insns, 7U);
  EXPECT_EQ(reports_[0].log_stats.stack_bytes, 8U);
  EXPECT_EQ(reports_[0].log, "") << "who succeeds is asked for no log";
}

TEST_F(WitnessTest, where_a_level_is_a_number_statistics_take_a_second_load) {
  g_kernel = [](const Call& call) -> long {
    if (call.command != BPF_PROG_LOAD) return 0;
    if (call.attr.log_level == 4) call.write_log("0: (b7) r0 = 0\n1: (95) exit\n");
    if (call.attr.log_level == 1) call.write_log("processed 9 insns (limit 131072), stack depth 0");
    return descriptor();
  };
  ::close(static_cast<int>(load(attr_of(0))));
  ASSERT_EQ(loads().size(), 2U);
  EXPECT_EQ(loads()[0].attr.log_level, 0U);
  EXPECT_EQ(loads()[1].attr.log_level, 1U);
  EXPECT_EQ(reports_.at(0).log_stats.insns, 9U);
}

TEST_F(WitnessTest, a_rejected_program_has_its_log_and_libbpf_a_substitute) {
  g_kernel = [](const Call& call) -> long {
    if (call.command != BPF_PROG_LOAD || call.is_trivial()) return accept(call);
    if (call.attr.log_level == 1) call.write_log("R0 !read_ok\n");
    return -EACCES;
  };
  const long fd = load(attr_of(0));
  EXPECT_GE(fd, 0);
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_TRUE(reports_[0].stage.failed);
  EXPECT_EQ(reports_[0].stage.error, EACCES);
  EXPECT_EQ(reports_[0].log, "R0 !read_ok\n");
  EXPECT_FALSE(reports_[0].log_truncated);

  const std::size_t before = g_calls.size();
  bpf_attr bind{};
  bind.prog_bind_map.prog_fd = static_cast<std::uint32_t>(fd);
  EXPECT_EQ(witness_.bpf(BPF_PROG_BIND_MAP, &bind, sizeof bind), 0);
  EXPECT_EQ(g_calls.size(), before) << "the kernel never hears of a substitute";
  ::close(static_cast<int>(fd));
}

TEST_F(WitnessTest, a_log_that_does_not_fit_keeps_the_statistics_behind_it) {
  g_kernel = [](const Call& call) -> long {
    if (call.command != BPF_PROG_LOAD || call.is_trivial()) return accept(call);
    call.write_log(call.attr.log_level == 4 ? "too large\nprocessed 5 insns (limit 4) x"
                                            : "0: ...");
    return call.attr.log_level == 4 ? -E2BIG : -ENOSPC;
  };
  ::close(static_cast<int>(load(attr_of(0))));
  ASSERT_EQ(reports_.size(), 1U);
  EXPECT_EQ(reports_[0].stage.error, E2BIG) << "the log's own error is none of the program's";
  EXPECT_TRUE(reports_[0].log_truncated);
  EXPECT_EQ(reports_[0].log, "0: ...\ntoo large\nprocessed 5 insns (limit 4) x");
  EXPECT_EQ(reports_[0].log_stats.insns, 5U);
}

TEST_F(WitnessTest, an_interrupted_verifier_is_asked_up_to_five_times) {
  int left = 2;
  g_kernel = [&](const Call& call) -> long {
    if (call.command == BPF_PROG_LOAD && !call.is_trivial() && left-- > 0) return -EAGAIN;
    return accept(call);
  };
  ::close(static_cast<int>(load(attr_of(0))));
  EXPECT_EQ(loads().size(), 3U);
  EXPECT_FALSE(reports_.at(0).stage.failed);
  left = 1000;
  ::close(static_cast<int>(load(attr_of(0))));
  EXPECT_EQ(reports_.at(1).stage.error, EAGAIN);
}

TEST_F(WitnessTest, silence_with_einval_is_asked_for_its_reason) {
  g_kernel = [](const Call& call) -> long {
    if (call.command != BPF_PROG_LOAD) return 0;
    const bool known =
        call.attr.prog_type == BPF_PROG_TYPE_SOCKET_FILTER ||
        (call.attr.prog_type == BPF_PROG_TYPE_KPROBE && call.attr.expected_attach_type == 7);
    return call.is_trivial() && known ? accept(call) : -EINVAL;
  };
  bpf_attr attr = attr_of(0);
  ::close(static_cast<int>(load(attr)));
  EXPECT_EQ(reports_.at(0).type_known, true);
  EXPECT_EQ(reports_.at(0).attach_type_known, false);
  attr.expected_attach_type = 7;
  ::close(static_cast<int>(load(attr)));
  EXPECT_EQ(reports_.at(1).attach_type_known, true);
  attr.prog_type = BPF_PROG_TYPE_XDP;
  ::close(static_cast<int>(load(attr)));
  EXPECT_EQ(reports_.at(2).type_known, false);
}

TEST_F(WitnessTest, what_is_no_program_of_the_object_goes_through_as_it_is) {
  bpf_attr probe = attr_of(0);
  char buffer[16] = {};
  probe.log_buf = reinterpret_cast<std::uintptr_t>(buffer);
  g_kernel = [](const Call&) -> long { return -EPERM; };
  EXPECT_EQ(load(probe), -1);
  EXPECT_EQ(errno, EPERM);
  ASSERT_EQ(g_calls.size(), 1U);
  EXPECT_EQ(g_calls[0].attr.log_buf, probe.log_buf);
  EXPECT_EQ(reports_.size(), 0U);
}

TEST_F(WitnessTest, the_instructions_are_kept_on_request_with_their_functions) {
  insns_[1].code = BPF_JMP | BPF_CALL;
  insns_[1].imm = 195896080;  // libbpf's poison
  const bpf_func_info functions[] = {{0, 11}, {2, 12}};
  bpf_attr attr = attr_of(0);
  attr.func_info = reinterpret_cast<std::uintptr_t>(functions);
  attr.func_info_cnt = 2;
  attr.func_info_rec_size = sizeof functions[0];
  ::close(static_cast<int>(load(attr)));
  EXPECT_TRUE(reports_.at(0).sent.insns.empty());
  EXPECT_EQ(witness_.poison_marks(), 1U);

  witness_.keep_insns(true);
  ::close(static_cast<int>(load(attr)));
  const SentProgram& sent = reports_.at(1).sent;
  ASSERT_EQ(sent.insns.size(), 3U);
  EXPECT_EQ(std::memcmp(sent.insns.data(), insns_, sizeof insns_), 0);
  ASSERT_EQ(sent.functions.size(), 2U);
  EXPECT_EQ(sent.functions[1].insn, 2U);
  EXPECT_EQ(sent.functions[1].type, 12U);
}

TEST_F(WitnessTest, func_info_that_is_too_new_is_left_to_libbpf) {
  const bpf_func_info functions[] = {{0, 11}};
  bpf_attr attr = attr_of(0);
  attr.func_info = reinterpret_cast<std::uintptr_t>(functions);
  attr.func_info_cnt = 1;
  attr.func_info_rec_size = 16;
  g_kernel = [](const Call& call) -> long {
    if (call.command != BPF_PROG_LOAD || call.is_trivial()) return accept(call);
    call.sent->func_info_rec_size = sizeof(bpf_func_info);
    return -E2BIG;
  };
  EXPECT_EQ(witness_.bpf(BPF_PROG_LOAD, &attr, sizeof attr), -1);
  EXPECT_EQ(errno, E2BIG);
  EXPECT_EQ(attr.func_info_rec_size, sizeof(bpf_func_info)) << "by which libbpf cuts it down";
  EXPECT_TRUE(reports_.empty()) << "it comes again";
}

TEST_F(WitnessTest, a_map_that_is_too_new_is_told_from_one_that_is_too_large) {
  g_kernel = [](const Call& call) -> long { return call.attr.map_flags != 0 ? -E2BIG : -EINVAL; };
  bpf_attr attr{};
  attr.map_type = BPF_MAP_TYPE_HASH;
  attr.map_flags = 1;
  EXPECT_EQ(witness_.bpf(BPF_MAP_CREATE, &attr, sizeof attr), -1);
  EXPECT_EQ(errno, E2BIG);
  EXPECT_EQ(witness_.map_attributes_known(), false);
}

}  // namespace
}  // namespace bpfmatrix::guest

/// Where the witness asks the kernel.
extern "C" long __real_syscall(long number, ...) {
  using bpfmatrix::guest::Call;
  if (number != SYS_bpf) return -1;
  va_list list;
  va_start(list, number);
  Call call;
  call.command = va_arg(list, int);
  call.sent = va_arg(list, bpf_attr*);
  call.size = va_arg(list, unsigned);
  va_end(list);
  std::memcpy(&call.attr, call.sent, std::min<std::size_t>(call.size, sizeof call.attr));
  bpfmatrix::guest::g_calls.push_back(call);
  const long answer = bpfmatrix::guest::g_kernel(call);
  if (answer >= 0) return answer;
  errno = static_cast<int>(-answer);
  return -1;
}
