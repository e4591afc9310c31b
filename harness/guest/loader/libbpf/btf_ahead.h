// The kernel's BTF, parsed before it is needed. Parsing is half of what an emulated cell takes, and
// comes to the same in every clone of one machine: so a loader that waits for its request in the
// template has parsed it there, and hands libbpf the very object where libbpf would parse the same
// file again. The loader is linked with --wrap for btf__load_vmlinux_btf(), through which every
// path of libbpf to the kernel's BTF goes, and for btf__free(), since each of them frees what it
// got. libbpf changes nothing of that object (libbpf 1.4.6, libbpf.c: it reads types and names, and
// parses the BTF of modules against it).
#pragma once

#include <bpf/btf.h>

namespace bpfmatrix::guest {

class BtfAhead {
 public:
  /// One per process: libbpf asks for it by the name of a function.
  static BtfAhead& instance();

  /// Parses what sysfs shows now. Where it is hidden, missing or broken, libbpf will find that out
  /// itself, and say so.
  void parse_ahead();
  /// What btf__load_vmlinux_btf() returns. The first that is there is reported.
  btf* load();
  /// What btf__free() does: nothing to the object that was parsed ahead.
  void release(btf* object) const;

 private:
  btf* ahead_ = nullptr;
  bool reported_ = false;
};

}  // namespace bpfmatrix::guest
