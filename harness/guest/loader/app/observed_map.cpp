#include "guest/loader/app/observed_map.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cstring>
#include <memory>

#include "guest/loader/app/sent_load.h"
#include "guest/loader/common/observed.h"
#include "guest/loader/common/report.h"

namespace bpfmatrix::guest {

namespace {

constexpr std::uint32_t kMaxValueBytes = 64 << 10;

struct Free {
  void operator()(btf* types) const { btf__free(types); }
};
using Types = std::unique_ptr<btf, Free>;

const btf_type* resolved(const btf* types, unsigned id) {
  const int target = btf__resolve_type(types, id);
  return target < 0 ? nullptr : btf__type_by_id(types, static_cast<unsigned>(target));
}

std::string_view name_at(const btf* types, unsigned offset) {
  const char* name = btf__name_by_offset(types, offset);
  return name != nullptr ? name : "";
}

/// What the member `value` of a map's definition points to.
unsigned value_of_definition(const btf* types, const btf_type* definition) {
  if (definition == nullptr || !btf_is_struct(definition)) return 0;
  for (unsigned i = 0; i < btf_vlen(definition); ++i) {
    const btf_member& member = btf_members(definition)[i];
    const btf_type* type = resolved(types, member.type);
    const bool value = name_at(types, member.name_off) == "value";
    if (value && type != nullptr && btf_is_ptr(type)) return type->type;
  }
  return 0;
}

bpf_map_info info_of(const Fd& map) {
  bpf_map_info info;
  std::memset(&info, 0, sizeof info);
  std::uint32_t bytes = sizeof info;
  bpf_obj_get_info_by_fd(map.get(), &info, &bytes);
  return info;
}

}  // namespace

unsigned map_value_type(const btf* types, std::string_view name) {
  const int maps = btf__find_by_name_kind(types, ".maps", BTF_KIND_DATASEC);
  if (maps <= 0) return 0;
  const btf_type* section = btf__type_by_id(types, static_cast<unsigned>(maps));
  for (unsigned i = 0; i < btf_vlen(section); ++i) {
    const btf_type* variable = btf__type_by_id(types, btf_var_secinfos(section)[i].type);
    if (variable == nullptr || name_at(types, variable->name_off) != name) continue;
    return value_of_definition(types, resolved(types, variable->type));
  }
  return 0;
}

void report_observed_map(std::uint32_t id, const std::string& object) {
  const Fd map = open_map(id);
  if (!map.valid()) return;
  const bpf_map_info info = info_of(map);
  if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size > kMaxValueBytes) return;
  Types types(btf__parse(object.c_str(), nullptr));
  unsigned type = types ? map_value_type(types.get(), kObservedMap) : 0;
  if (type == 0 && info.btf_id != 0) {
    types.reset(btf__load_from_kernel_by_id(info.btf_id));
    type = info.btf_value_type_id;
  }
  std::string bytes(info.value_size, '\0');
  const std::uint32_t first = 0;
  if (!types || type == 0 || bpf_map_lookup_elem(map.get(), &first, bytes.data()) != 0) return;
  report_observed(kObservedMap, read_values(types.get(), type, bytes));
}

}  // namespace bpfmatrix::guest
