#include "guest/loader/app/attach_points.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bpfmatrix::guest {
namespace {

TEST(AttachPoints, the_event_that_an_id_file_is_about) {
  EXPECT_EQ(event_of_path("/sys/kernel/tracing/events/sched/sched_switch/id"),
            "sched/sched_switch");
  EXPECT_EQ(event_of_path("/sys/kernel/debug/tracing/events/kprobes/p_1/id"), "kprobes/p_1");
  for (const char* other : {"", "/etc/id", "/sys/kernel/tracing/events/id",
                            "/sys/kernel/tracing/events//id", "/sys/kernel/tracing/events/a/b"}) {
    EXPECT_EQ(event_of_path(other), "") << other;
  }
}

TEST(AttachPoints, probes_defined_by_writing) {
  const auto probe = parse_probe("p:kprobes/p_1 tcp_connect+0\n", false);
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->event, "kprobes/p_1");
  EXPECT_EQ(probe->point, (AttachPoint{"kprobe", "tcp_connect"}));
  EXPECT_EQ(parse_probe("r8:g/r_2 tcp_connect", false)->point.method, "kretprobe");
  EXPECT_EQ(parse_probe("p:u_1 /bin/x:0x10", true)->event, "uprobes/u_1");
  EXPECT_EQ(parse_probe("r:u/u_1 /bin/x:0x10", true)->point,
            (AttachPoint{"uretprobe", "/bin/x:0x10"}));
}

TEST(AttachPoints, what_defines_no_probe) {
  for (const char* line : {"", "\n", "p", "p:", "p:name", "-:kprobes/p_1", "p tcp:connect x"}) {
    EXPECT_FALSE(parse_probe(line, false)) << line;
  }
}

std::uint64_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

/// A perf_event_open() of this very process, as the tracer would show it.
SystemCall perf_event(const perf_event_attr& attr, std::int64_t result) {
  return {Tracee(::gettid()), ::getpid(), SYS_perf_event_open, {address(&attr)}, result};
}

TEST(AttachPoints, a_perf_event_is_known_by_its_descriptor_and_its_duplicates) {
  AttachPoints points;
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = 312;
  EXPECT_FALSE(points.take(perf_event(attr, 7)));
  EXPECT_EQ(points.of(::getpid(), 7), (AttachPoint{"tracepoint", "id 312"}));
  points.take({Tracee(::gettid()), ::getpid(), SYS_dup, {7}, 9});
  EXPECT_EQ(points.of(::getpid(), 9), (AttachPoint{"tracepoint", "id 312"}));
  EXPECT_FALSE(points.of(::getpid(), 8));
  EXPECT_FALSE(points.of(::getpid() + 1, 7)) << "another process";
}

TEST(AttachPoints, a_refused_perf_event_names_what_cannot_be_had) {
  AttachPoints points;
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = 3;
  EXPECT_EQ(points.take(perf_event(attr, -ENOENT)),
            (AttachPoint{"perf_event", "type 1, config 3"}));
  SystemCall unreadable = perf_event(attr, 7);
  unreadable.arguments[0] = 8;
  EXPECT_FALSE(points.take(unreadable));
}

}  // namespace
}  // namespace bpfmatrix::guest
