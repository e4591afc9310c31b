#include "guest/loader/libbpf/btf_ahead.h"

#include <bpf/libbpf.h>
#include <unistd.h>

#include <utility>

#include "guest/loader/common/report.h"
#include "guest/loader/libbpf/libbpf_log.h"

extern "C" {
btf* __real_btf__load_vmlinux_btf();
void __real_btf__free(btf* object);
btf* __wrap_btf__load_vmlinux_btf();
void __wrap_btf__free(btf* object);
}

namespace bpfmatrix::guest {

namespace {

/// Where libbpf looks first (btf__load_vmlinux_btf); the files it tries after that are no kernel's
/// own word, and are left to it.
constexpr const char* kSysfsBtf = "/sys/kernel/btf/vmlinux";

}  // namespace

BtfAhead& BtfAhead::instance() {
  static BtfAhead btf_ahead;
  return btf_ahead;
}

void BtfAhead::parse_ahead() {
  if (::access(kSysfsBtf, R_OK) == 0) ahead_ = btf__parse(kSysfsBtf, nullptr);
}

btf* BtfAhead::load() {
  btf* const object = ahead_ != nullptr ? ahead_ : __real_btf__load_vmlinux_btf();
  if (object == nullptr || std::exchange(reported_, true)) return object;
  if (ahead_ != nullptr) LibbpfLog::instance().print(false, "kernel BTF: parsed ahead\n");
  report_kernel_btf(ahead_ != nullptr);
  return object;
}

void BtfAhead::release(btf* object) const {
  if (object != ahead_) __real_btf__free(object);
}

}  // namespace bpfmatrix::guest

extern "C" btf* __wrap_btf__load_vmlinux_btf() {
  return bpfmatrix::guest::BtfAhead::instance().load();
}

extern "C" void __wrap_btf__free(btf* object) {
  bpfmatrix::guest::BtfAhead::instance().release(object);
}
