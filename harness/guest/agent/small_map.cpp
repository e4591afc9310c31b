#include "guest/agent/small_map.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bpfmatrix::guest {

Fd make_small_map() {
  bpf_attr attr{};
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = 4;
  attr.max_entries = 1;
  return Fd(static_cast<int>(::syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr)));
}

}  // namespace bpfmatrix::guest
