// What user space sets on an object between opening and loading it, and where it attaches its
// programs: the part of a project that a loader carries out. In case files and projects, in
// transcripts and in requests to loaders it has the same shape. Compiled on both sides.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json_fields.h"
#include "base/result.h"
#include "base/words.h"

namespace bpfmatrix {

/// What a size is counted in: some are not known before the machine is.
enum class AmountOf { one, cpus, page_size };
inline constexpr Word<AmountOf> kAmountOfWords[] = {
    {AmountOf::one, "one"},
    {AmountOf::cpus, "cpus", "the kernel's possible processors, as libbpf_num_possible_cpus()"},
    {AmountOf::page_size, "page_size", "bytes of a page of the kernel"},
};
constexpr const auto& words_of(AmountOf) { return kAmountOfWords; }

/// In JSON a number, or a text: "cpus", "page_size * 64".
struct Amount {
  AmountOf of = AmountOf::one;
  std::uint32_t times = 0;
};
/// Error: neither a number nor "UNIT" nor "UNIT * N".
Result<Amount> parse_amount(std::string_view text);
std::string to_string(const Amount& amount);

/// The template of the maps that a map of maps holds.
struct InnerMap {
  /// As libbpf calls it: "ringbuf", "hash".
  std::string type{};
  /// Absent: 0, as ring buffers have it.
  std::optional<std::uint32_t> key_size{};
  std::optional<std::uint32_t> value_size{};
  /// Absent: what a map of the object's without a size gets.
  std::optional<Amount> max_entries{};
};

/// The kernel makes no map of this type (libbpf's word) without a size, and libbpf chooses none
/// (kernel/bpf/bpf_local_storage.c, local_storage.c, v6.12; libbpf.c, bpf_object__create_map()).
bool wants_size(std::string_view map_type);

/// Of one map; absent: as the object has it.
struct MapSettings {
  /// As libbpf calls it: another type than the object's.
  std::optional<std::string> type{};
  std::optional<std::uint32_t> key_size{};
  std::optional<Amount> max_entries{};
  std::optional<Amount> value_size{};
  std::optional<InnerMap> inner{};
  std::optional<std::uint32_t> numa_node{};
  /// Where it is pinned: a path in the guest's bpffs, which is mounted at /sys/fs/bpf.
  std::optional<std::string> pin{};
  /// False: it is not created.
  std::optional<bool> autocreate{};
};

/// A value of a global variable: an integer (of a bool, 0 or 1), a text, or an array of integers.
struct GlobalValue {
  std::variant<std::int64_t, std::string, std::vector<std::int64_t>> value{};

  GlobalValue() = default;
  GlobalValue(std::int64_t number) : value(number) {}
};
/// "VAR", or a member or element in it: "cfg.port", "targets[2]".
using GlobalValues = std::map<std::string, GlobalValue, std::less<>>;

/// Where a program is attached, if not where its section says. What goes together: `function`;
/// `tracepoint` ("CATEGORY:NAME"); `file` with `symbol`, `offset` or both; `interface`; `map`;
/// `program` ("NAME" or "OBJECT:NAME"), of an object that was loaded before it.
struct AttachTo {
  std::optional<std::string> function{};
  std::optional<std::string> tracepoint{};
  std::optional<std::string> file{};
  std::optional<std::string> symbol{};
  std::optional<std::uint64_t> offset{};
  std::optional<std::string> interface {};
  std::optional<std::string> map{};
  std::optional<std::string> program{};
};

struct LoadSettings {
  std::map<std::string, MapSettings> maps{};
  /// Programs that are not loaded.
  std::vector<std::string> left_out{};
  /// Programs that are loaded although their section says on request only ("?kprobe/...").
  std::vector<std::string> loaded{};
  /// Programs that are loaded and not attached.
  std::vector<std::string> unattached{};
  /// By program.
  std::map<std::string, AttachTo> attach{};

  bool empty() const {
    return maps.empty() && left_out.empty() && loaded.empty() && unattached.empty() &&
           attach.empty();
  }
};

void fields(auto& field, Of<InnerMap> auto& inner) {
  field("type", inner.type, "as libbpf calls it: ringbuf, hash, array");
  field("key_size", left_out_if_none(inner.key_size), "bytes; left out: 0, as of a ring buffer");
  field("value_size", left_out_if_none(inner.value_size), "bytes; left out: 0");
  field("max_entries", left_out_if_none(inner.max_entries),
        "of each; left out: 1024, a ring buffer's 256 KiB");
}

void fields(auto& field, Of<MapSettings> auto& map) {
  field("type", left_out_if_none(map.type), "another type, as libbpf calls it");
  field("key_size", left_out_if_none(map.key_size), "bytes of a key");
  field("max_entries", left_out_if_none(map.max_entries), "how many it has room for");
  field("value_size", left_out_if_none(map.value_size), "bytes of a value");
  field("inner", left_out_if_none(map.inner), "of a map of maps: what these are like");
  field("numa_node", left_out_if_none(map.numa_node), "where its memory lies");
  field("pin", left_out_if_none(map.pin), "where it is pinned, below /sys/fs/bpf");
  field("autocreate", left_out_if_none(map.autocreate), "false: it is not created");
}

void fields(auto& field, Of<AttachTo> auto& to) {
  field("function", left_out_if_none(to.function), "of the kernel");
  field("tracepoint", left_out_if_none(to.tracepoint), "CATEGORY:NAME");
  field("file", left_out_if_none(to.file), "of the guest, for a uprobe");
  field("symbol", left_out_if_none(to.symbol), "in that file");
  field("offset", left_out_if_none(to.offset), "bytes from the symbol, or from the file's begin");
  field("interface", left_out_if_none(to.interface),
        "lo; veth: one end of a pair that is made for it; netkit: the primary end of a pair");
  field("map", left_out_if_none(to.map), "a sockmap or sockhash of the object");
  field("program", left_out_if_none(to.program),
        "a program of an object beside it, which it replaces or traces: NAME or OBJECT:NAME");
}

void fields(auto& field, Of<LoadSettings> auto& load) {
  field("maps", load.maps, "what is set on maps, by name");
  field("left_out", load.left_out, "programs that are not loaded");
  field("loaded", load.loaded, "programs that are loaded although their section says on request");
  field("unattached", load.unattached, "programs that are loaded and not attached");
  field("attach", load.attach, "where programs are attached, if not where their section says");
}

template <>
struct JsonType<Amount> {
  static void read(const Json& json, Amount& value, const JsonPlace& place, JsonProblem& problem);
  static void write(auto& sink, const Amount& value) {
    if (value.of == AmountOf::one) return sink.integer(std::uint64_t{value.times});
    sink.string(to_string(value));
  }
  static OrderedJson schema();
};

template <>
struct JsonType<GlobalValue> {
  static void read(const Json& json, GlobalValue& value, const JsonPlace& place,
                   JsonProblem& problem);
  static void write(auto& sink, const GlobalValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value.value)) sink.integer(*number);
    if (const auto* text = std::get_if<std::string>(&value.value)) sink.string(*text);
    if (const auto* all = std::get_if<std::vector<std::int64_t>>(&value.value))
      JsonType<std::vector<std::int64_t>>::write(sink, *all);
  }
  static OrderedJson schema();
};

}  // namespace bpfmatrix
