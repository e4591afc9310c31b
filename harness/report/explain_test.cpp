#include "report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

TEST(Explain, tells_a_refusal_from_kernel_to_log) {
  Outcome o;
  o.cell = "debian-6.1-x86_64/helper-unknown/kernel/libbpf";
  o.kernel = {
      "debian-6.1-x86_64", "6.1.0-50",           "x86_64", true, 4700000, "", "deb", "linux-image",
      "6.1.176-1",         std::string(64, 'a'), "KEY"};
  o.case_id = "helper-unknown";
  o.btf_source = "kernel";
  o.loader = "libbpf";
  o.end = End::completed;
  o.open.result = StageResult::ok;
  ProgramOutcome p{"prog", "xdp", "xdp", {}, {}};
  p.load.stage = {StageResult::refused, "EINVAL", "BPF program load failed"};
  p.load.log_tail = "0: (85) call unknown#999\ninvalid func unknown#999";
  p.load.log_sha256 = std::string(64, 'b');
  p.load.source = SourceLine{0, "loop.bpf.c", 21, "for (;;)"};
  o.privileges.capabilities = {"CAP_BPF", "CAP_PERFMON"};
  o.privileges.memlock_bytes = 65536;
  o.programs = {p};
  const std::string text = explain(o, {}, "runs/1");
  EXPECT_THAT(text,
              HasSubstr("kernel      debian-6.1-x86_64, 6.1.0-50 x86_64, BTF 4700000 bytes\n"));
  EXPECT_THAT(text, HasSubstr("  load      refused, EINVAL: BPF program load failed\n"));
  EXPECT_THAT(text, HasSubstr("  at        loop.bpf.c:21: for (;;)\n"));
  EXPECT_THAT(text, HasSubstr("privileges  an ordinary user with CAP_BPF, CAP_PERFMON; 65536 bytes "
                              "of locked memory\n"));
  EXPECT_THAT(text, HasSubstr("    | invalid func unknown#999\n"));
  EXPECT_THAT(text, HasSubstr("zcat runs/1/logs/" + p.load.log_sha256 + ".log.gz\n"));
  EXPECT_THAT(text, HasSubstr("  attach    not tried\n"));
  EXPECT_THAT(
      text,
      HasSubstr("run it again: bpfmatrix run --kernel debian-6.1-x86_64 --case helper-unknown"));
}

TEST(Explain, a_lost_machine_shows_its_console) {
  Outcome o;
  o.end = End::panicked;
  o.end_reason = "Kernel panic - not syncing: sysrq triggered crash";
  o.console_tail = "Call Trace:\n ---[ end Kernel panic ]---";
  const std::string text = explain(o, {}, "r");
  EXPECT_THAT(
      text, HasSubstr("end         panicked: Kernel panic - not syncing: sysrq triggered crash\n"));
  EXPECT_THAT(text, HasSubstr("  | Call Trace:\n"));
}

}  // namespace
}  // namespace bpfmatrix
