// What is in a BPF object file: programs, maps, relocations, license, and which of the things that
// loaders like to have it lacks. Found by reading, on no kernel and with no loader.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/words.h"
#include "elf/btf_ext.h"

namespace bpfmatrix {

struct ObjectProgram {
  std::string name{};
  /// As the file has it: a leading '?' means that libbpf loads it only on request.
  std::string section{};
  /// libbpf's word: "kprobe", "xdp", "sched_cls"; "unknown" if the section names no program type.
  std::string type{};
  std::uint64_t instructions = 0;
  std::uint64_t core_relocations = 0;
};

/// How the object describes a map.
enum class MapSource { btf, legacy, global };
inline constexpr Word<MapSource> kMapSourceWords[] = {
    {MapSource::btf, "btf", "in section .maps, by BTF types"},
    {MapSource::legacy, "legacy",
     "in section maps, by struct bpf_map_def: libbpf 1.x fails for the whole object"},
    {MapSource::global, "global", "global variables: .data, .rodata, .bss, .kconfig"},
};
constexpr const auto& words_of(MapSource) { return kMapSourceWords; }

struct ObjectMap {
  std::string name{};
  MapSource source = MapSource::btf;
  /// libbpf's word: "hash", "ringbuf"; "unknown" if the object does not say, "type 99" if nobody
  /// has given that number a name yet.
  std::string type{};
  // Bytes and entries; 0 where the object leaves it to the loader.
  std::uint64_t key_size = 0;
  std::uint64_t value_size = 0;
  std::uint64_t max_entries = 0;
};

/// Places in instructions that a loader fills in.
struct RelocationCounts {
  std::uint64_t maps = 0;
  std::uint64_t global_data = 0;
  std::uint64_t calls = 0;
  /// Functions whose address is used: passed to bpf_loop and the like.
  std::uint64_t callbacks = 0;
  std::uint64_t externs = 0;
  /// By CoreRelocationKind.
  std::array<std::uint64_t, kCoreRelocationKindCount> core{};

  std::uint64_t core_total() const;
};

struct ObjectInfo {
  std::string sha256{};
  std::uint64_t bytes = 0;
  /// Empty: the object has no license section, and the verifier rejects GPL-only helpers.
  std::string license{};
  /// "clang 14.0.6", "rustc 1.75.0"; empty: the compiler left no trace, or it was stripped.
  std::string producer{};
  bool btf = false;
  bool btf_ext = false;
  /// Why .BTF or .BTF.ext, though there, cannot be read; empty if all is well.
  std::string btf_problem{};
  std::vector<ObjectProgram> programs{};
  std::vector<ObjectMap> maps{};
  RelocationCounts relocations{};
  /// What its programs do may outlast them, or reach into other processes (elf/reach.h).
  bool reaches_out = false;
};

/// Reads at most 64 MiB; any content is safe. Error: the file cannot be read, or is no object that
/// a loader could take; the hint then says how to make one of it.
Result<ObjectInfo> read_object(const std::filesystem::path& path);
/// The same for bytes at hand; `path` is only named in errors.
Result<ObjectInfo> read_object_bytes(std::string bytes, const std::filesystem::path& path);

}  // namespace bpfmatrix
