// The probe in real kernels: what it says of them is known to be true otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outcome/kernel_facts_file.h"
#include "run/machines/guest_vm.h"
#include "run/machines/kernel_facts_keeper.h"
#include "run/machines/kernel_probe.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

class KernelProbeVm : public VmFixture {
 protected:
  /// Asked anew, whatever the store holds.
  KernelFacts probe(const std::string& id) {
    const Result<Kernel> kernel = kernels_->find(id);
    EXPECT_TRUE(kernel) << kernel.error().message;
    auto booted = GuestVm::boot(*kernel, Accel::tcg, scratch_->path() / "console.log", settings_);
    auto* vm = std::get_if<std::unique_ptr<GuestVm>>(&booted);
    EXPECT_NE(vm, nullptr);
    if (vm == nullptr) return {};
    Result<KernelFacts> facts = probe_kernel(*kernel, (*vm)->session());
    EXPECT_TRUE(facts) << facts.error().message;
    expect_the_same_again(*kernel, (*vm)->session(), *facts);
    return facts ? *std::move(facts) : KernelFacts();
  }

  /// What the probe left behind would be seen by the next one.
  static void expect_the_same_again(const Kernel& kernel, Session& session, KernelFacts first) {
    Result<KernelFacts> second = probe_kernel(kernel, session);
    ASSERT_TRUE(second) << second.error().message;
    first.probe_ms = second->probe_ms = 0;
    EXPECT_EQ(first.probed.size(), second->probed.size());
    OrderedJson before = to_json(first);
    OrderedJson after = to_json(*second);
    // Names of loaded programs come and go in it with their memory.
    before.erase("symbols");
    after.erase("symbols");
    EXPECT_EQ(before, after);
  }
};

TEST_F(KernelProbeVm, knows_6_1_on_x86_64) {
  const KernelFacts facts = probe("debian-6.1-x86_64");
  EXPECT_EQ(facts.arch, "x86_64");
  EXPECT_EQ(facts.helper_count, 209U);
  EXPECT_EQ(facts.helper(181), Ternary::yes) << "bpf_loop";
  EXPECT_EQ(facts.helper(211), Ternary::no) << "bpf_cgrp_storage_delete";
  EXPECT_EQ(facts.helper_for("BPF_PROG_TYPE_XDP", 44), Ternary::yes) << "bpf_xdp_adjust_head";
  EXPECT_EQ(facts.helper_for("BPF_PROG_TYPE_XDP", 14), Ternary::no) << "bpf_get_current_pid_tgid";
  EXPECT_EQ(facts.feature("BPF_MAP_TYPE_ARENA"), Ternary::no);
  EXPECT_EQ(facts.feature("BPF_MAP_TYPE_USER_RINGBUF"), Ternary::yes);
  EXPECT_EQ(facts.feature("BPF_PROG_TYPE_NETFILTER"), Ternary::no);
  EXPECT_EQ(facts.feature("fentry"), Ternary::yes);
  EXPECT_EQ(facts.feature("uninitialised_stack_read"), Ternary::no);
  EXPECT_EQ(facts.feature("large_insn_limit"), Ternary::yes);
  EXPECT_EQ(facts.probe("btf_kind", "enum64").answer, Ternary::yes);
  EXPECT_EQ(facts.symbol("__x64_sys_connect"), Ternary::yes);
  EXPECT_EQ(facts.symbol("sys_connect"), Ternary::no);
  EXPECT_EQ(facts.symbols.in(SymbolList::btf, "__sys_connect"), true);
  EXPECT_EQ(facts.has_tracepoint("syscalls:sys_enter_connect"), true);
  EXPECT_EQ(facts.configured("FPROBE"), Ternary::no);
  EXPECT_EQ(facts.configured("BPF_SYSCALL"), Ternary::yes);
  EXPECT_EQ(facts.memlock_limited(), false);
  EXPECT_EQ(facts.locked_down(), false);
}

TEST_F(KernelProbeVm, knows_6_1_on_aarch64) {
  const KernelFacts facts = probe("debian-6.1-aarch64");
  EXPECT_EQ(facts.arch, "aarch64");
  EXPECT_EQ(facts.probe("attach", "fentry").answer, Ternary::no);
  EXPECT_EQ(facts.probe("attach", "fentry").errno_name, "ENOTSUPP");
  EXPECT_EQ(facts.feature("BPF_TRACE_FENTRY"), Ternary::yes) << "it loads";
  EXPECT_EQ(facts.symbol("__arm64_sys_connect"), Ternary::yes);
  EXPECT_EQ(facts.symbol("__x64_sys_connect"), Ternary::no);
}

TEST_F(KernelProbeVm, knows_5_10) {
  const KernelFacts facts = probe("debian-5.10-x86_64");
  EXPECT_EQ(facts.feature("BPF_MAP_TYPE_BLOOM_FILTER"), Ternary::no);
  EXPECT_EQ(facts.feature("BPF_MAP_TYPE_RINGBUF"), Ternary::yes);
  EXPECT_EQ(facts.feature("callbacks"), Ternary::no);
  EXPECT_EQ(facts.feature("memcg_accounting"), Ternary::no);
  EXPECT_EQ(facts.feature("BPF_PROG_TYPE_SYSCALL"), Ternary::no);
  EXPECT_EQ(facts.helper(181), Ternary::no) << "bpf_loop";
  EXPECT_EQ(facts.probe("attach", "perf_link").answer, Ternary::no);
  EXPECT_EQ(facts.probe("attach", "cgroup_link").answer, Ternary::yes);
  EXPECT_EQ(facts.probe("btf_kind", "datasec").answer, Ternary::yes);
  EXPECT_EQ(facts.probe("btf_kind", "float").answer, Ternary::no);
}

TEST_F(KernelProbeVm, outcomes_name_the_facts_and_the_candidates) {
  const auto outcomes =
      run_cases({"debian-6.1-x86_64"}, {"connect-kprobe-bare"}, {{BtfSource::kernel}});
  ASSERT_EQ(outcomes.size(), 1U);
  RunKernels kernels(scratch_->path() / std::to_string(runs_));
  const KernelFacts* facts = kernels.of(outcomes[0]);
  ASSERT_NE(facts, nullptr);
  EXPECT_EQ(facts->release, outcomes[0].kernel.release);
  ASSERT_EQ(outcomes[0].programs.size(), 1U);
  std::vector<std::string> names;
  for (const AttachCandidate& one : outcomes[0].programs[0].attach.candidates) {
    names.push_back(one.symbol);
  }
  EXPECT_THAT(names, ::testing::IsSupersetOf({"sys_connect", "__x64_sys_connect"}));
  const Result<Kernel> kernel = kernels_->find("debian-6.1-x86_64");
  ASSERT_TRUE(kernel);
  EXPECT_TRUE(kept_facts(settings_.fetch.store, *kernel)) << "nobody has to ask again";
}

}  // namespace
}  // namespace bpfmatrix
