#include "guest/loader/libbpf/settings.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>

#include "base/section_name.h"

namespace bpfmatrix::guest {

namespace {

constexpr unsigned kMapTypes = 128;
/// A power of two, and a multiple of the page size wherever there is one.
constexpr std::uint32_t kRingBufferBytes = 256 << 10;
constexpr std::uint32_t kEntries = 1024;
/// PERF_MAX_STACK_DEPTH addresses.
constexpr std::uint32_t kStackBytes = 127 * 8;

std::optional<bpf_map_type> map_type(std::string_view word) {
  for (unsigned type = 0; type < kMapTypes; ++type) {
    const char* known = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(type));
    if (known != nullptr && word == known) return static_cast<bpf_map_type>(type);
  }
  return std::nullopt;
}

Error map_error(const std::string& map, std::string_view what) {
  return Error{fmt::format("map '{}': {}", map, what)};
}

Result<> took(int error, const std::string& map, std::string_view what) {
  if (error == 0) return {};
  return map_error(map, fmt::format("{}: {}", what, std::strerror(-error)));
}

bool wants_size_here(const bpf_map* map) {
  const char* word = libbpf_bpf_map_type_str(bpf_map__type(map));
  return word != nullptr && wants_size(word);
}

std::uint32_t usual_entries(bpf_map_type type) {
  if (type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_USER_RINGBUF)
    return std::max(kRingBufferBytes, amount_here({AmountOf::page_size, 1}));
  return kEntries;
}

/// What is left open is user space's to say; where nobody says it, something that works.
void size_for_kernel(bpf_map* map, SetUp& done) {
  const bpf_map_type type = bpf_map__type(map);
  if (bpf_map__is_internal(map) || !wants_size_here(map) || !bpf_map__autocreate(map)) return;
  if (type == BPF_MAP_TYPE_STACK_TRACE && bpf_map__value_size(map) == 0)
    (void)bpf_map__set_value_size(map, kStackBytes);
  if (bpf_map__max_entries(map) != 0) return;
  const std::uint32_t entries = usual_entries(type);
  if (bpf_map__set_max_entries(map, entries) == 0) done.sized[bpf_map__name(map)] = entries;
}

Result<> set_inner(bpf_map* map, const std::string& name, const InnerMap& inner, SetUp& done) {
  const auto type = map_type(inner.type);
  if (!type) return map_error(name, fmt::format("unknown type '{}'", inner.type));
  const std::uint32_t entries =
      inner.max_entries ? amount_here(*inner.max_entries) : usual_entries(*type);
  const int fd = bpf_map_create(*type, nullptr, inner.key_size.value_or(0),
                                inner.value_size.value_or(0), entries, nullptr);
  if (fd < 0) {
    done.inner_failures.push_back({name, -fd});
    return took(bpf_map__set_autocreate(map, false), name, "autocreate");
  }
  done.inner_maps.emplace_back(fd);
  return took(bpf_map__set_inner_map_fd(map, fd), name, "inner");
}

Result<> set_map(bpf_map* map, const std::string& name, const MapSettings& settings, SetUp& done) {
  Result<> set;
  if (settings.type) {
    const auto type = map_type(*settings.type);
    if (!type) return map_error(name, fmt::format("unknown type '{}'", *settings.type));
    set = took(bpf_map__set_type(map, *type), name, "type");
  }
  if (set && settings.key_size)
    set = took(bpf_map__set_key_size(map, *settings.key_size), name, "key_size");
  if (set && settings.value_size)
    set = took(bpf_map__set_value_size(map, amount_here(*settings.value_size)), name, "value_size");
  if (set && settings.max_entries)
    set = took(bpf_map__set_max_entries(map, amount_here(*settings.max_entries)), name,
               "max_entries");
  if (set && settings.numa_node)
    set = took(bpf_map__set_numa_node(map, *settings.numa_node), name, "numa_node");
  if (set && settings.pin)
    set = took(bpf_map__set_pin_path(map, settings.pin->c_str()), name, "pin");
  if (set && settings.autocreate)
    set = took(bpf_map__set_autocreate(map, *settings.autocreate), name, "autocreate");
  if (set && settings.inner) set = set_inner(map, name, *settings.inner, done);
  return set;
}

bpf_program* find_program(const bpf_object* object, const std::string& name) {
  return bpf_object__find_program_by_name(object, name.c_str());
}

Result<> set_autoload(bpf_object* object, const std::string& name, bool autoload) {
  bpf_program* program = find_program(object, name);
  if (program == nullptr) return Error{fmt::format("no program '{}'", name)};
  if (bpf_program__set_autoload(program, autoload) == 0) return {};
  return Error{fmt::format("program '{}': autoload cannot be set", name)};
}

bool is_loaded_for_its_target(const bpf_program* program) {
  const bpf_prog_type type = bpf_program__type(program);
  return type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM || type == BPF_PROG_TYPE_EXT;
}

/// The function of another program that is replaced or traced: the one that the section names.
Result<> set_target_program(bpf_program* program, const std::string& name,
                            const std::string& target, const ProgramThere& there) {
  if (!is_loaded_for_its_target(program))
    return Error{
        fmt::format("program '{}': only freplace, fentry and fexit have a target program", name)};
  const int fd = there ? there(target) : -1;
  if (fd < 0)
    return Error{
        fmt::format("program '{}': no object that is loaded together with its own has a "
                    "program '{}'",
                    name, target)};
  const SectionName section = parse_section_name(bpf_program__section_name(program));
  const std::string function(section.target.empty() ? target.substr(target.rfind(':') + 1)
                                                    : std::string(section.target));
  if (bpf_program__set_attach_target(program, fd, function.c_str()) == 0) return {};
  return Error{fmt::format("program '{}': the program '{}' has no function '{}' to attach to", name,
                           target, function)};
}

/// What is attached by a BTF id is loaded for its target.
Result<> set_target(const bpf_object* object, const std::string& name, const AttachTo& to,
                    const ProgramThere& there) {
  bpf_program* program = find_program(object, name);
  if (program == nullptr) return Error{fmt::format("no program '{}'", name)};
  if (to.program) return set_target_program(program, name, *to.program, there);
  if (!to.function || !is_loaded_for_its_target(program)) return {};
  if (bpf_program__set_attach_target(program, 0, to.function->c_str()) == 0) return {};
  return Error{fmt::format("program '{}': its target cannot be '{}'", name, *to.function)};
}

}  // namespace

std::uint32_t amount_here(const Amount& amount) {
  std::uint64_t unit = 1;
  if (amount.of == AmountOf::cpus)
    unit = static_cast<std::uint64_t>(std::max(libbpf_num_possible_cpus(), 1));
  if (amount.of == AmountOf::page_size)
    unit = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(unit * amount.times, std::numeric_limits<std::uint32_t>::max()));
}

Result<SetUp> set_up(bpf_object* object, const LoadSettings& settings, const ProgramThere& there) {
  SetUp done;
  for (const auto& [name, map_settings] : settings.maps) {
    bpf_map* map = bpf_object__find_map_by_name(object, name.c_str());
    if (map == nullptr) return map_error(name, "there is none of that name");
    if (Result<> set = set_map(map, name, map_settings, done); !set) return std::move(set).error();
  }
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    const auto asked = settings.maps.find(bpf_map__name(map));
    if (asked == settings.maps.end() || !asked->second.max_entries) size_for_kernel(map, done);
  }
  for (const std::string& name : settings.left_out) {
    if (Result<> set = set_autoload(object, name, false); !set) return std::move(set).error();
  }
  for (const std::string& name : settings.loaded) {
    if (Result<> set = set_autoload(object, name, true); !set) return std::move(set).error();
  }
  for (const auto& [name, to] : settings.attach) {
    if (Result<> set = set_target(object, name, to, there); !set) return std::move(set).error();
  }
  return done;
}

}  // namespace bpfmatrix::guest
