#include "elf/object.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/printable.h"
#include "base/sha256.h"
#include "elf/testing/hostile_object.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

ObjectInfo info_of(const fs::path& path) {
  const Result<ObjectInfo> info = read_object(path);
  EXPECT_TRUE(info) << (info ? "" : info.error().message);
  return info ? *info : ObjectInfo{};
}

std::vector<std::string> programs(const ObjectInfo& info) {
  std::vector<std::string> lines;
  for (const ObjectProgram& program : info.programs) {
    lines.push_back(fmt::format("{} {} {} {}", program.name, program.section, program.type,
                                program.core_relocations));
  }
  return lines;
}

std::vector<std::string> maps(const ObjectInfo& info) {
  std::vector<std::string> lines;
  for (const ObjectMap& map : info.maps) {
    lines.push_back(fmt::format("{} {} {} {}/{}/{}", map.name, to_string(map.source), map.type,
                                map.key_size, map.value_size, map.max_entries));
  }
  return lines;
}

TEST(Object, lists_entry_programs_in_file_order_and_no_subprograms) {
  BpfCompiler compiler;
  const ObjectInfo info = info_of(compiler.object("everything"));
  EXPECT_THAT(programs(info),
              ElementsAre("on_unlink kprobe/do_unlinkat kprobe 14", "on_packet xdp xdp 0",
                          "on_connect ?tracepoint/syscalls/sys_enter_connect tracepoint 0"));
  EXPECT_EQ(info.programs[2].instructions, 2U);
}

TEST(Object, names_that_are_no_utf8_become_valid_where_they_are_read) {
  BpfCompiler compiler;
  const ObjectInfo info = info_of(compiler.write("hostile.o", hostile_object(compiler)));
  const std::string valid = valid_text(kHostileName);
  EXPECT_TRUE(is_utf8(valid));
  ASSERT_EQ(info.programs.size(), 1U);
  EXPECT_EQ(info.programs[0].name, "p" + valid);
  EXPECT_EQ(info.programs[0].section, "s" + valid);
  ASSERT_EQ(info.maps.size(), 1U);
  EXPECT_EQ(info.maps[0].name, "m" + valid);
  EXPECT_EQ(info.license, "L" + valid);
}

TEST(Object, lists_maps_described_by_btf_and_global_data) {
  BpfCompiler compiler;
  EXPECT_THAT(maps(info_of(compiler.object("everything"))),
              ElementsAre("by_pid btf hash 4/20/64", "events btf ringbuf 0/0/4096",
                          "per_cpu_events btf perf_event_array 4/4/0", ".rodata global array 4/4/1",
                          ".bss global array 4/32/1"));
}

TEST(Object, lists_legacy_maps) {
  BpfCompiler compiler;
  EXPECT_THAT(maps(info_of(compiler.object("legacy_maps"))),
              ElementsAre("connections legacy hash 16/24/1024", "newest legacy type 99 4/8/1",
                          ".rodata.cst16 global array 4/16/1"));
}

TEST(Object, says_who_made_it_and_under_which_license) {
  BpfCompiler compiler;
  const fs::path path = compiler.object("everything");
  const ObjectInfo info = info_of(path);
  EXPECT_EQ(info.license, "GPL");
  EXPECT_THAT(info.producer, testing::MatchesRegex("clang [0-9]+\\.[0-9]+\\.[0-9]+.*"));
  EXPECT_EQ(info.sha256, sha256_hex(bytes_of(path)));
  EXPECT_EQ(info.bytes, fs::file_size(path));
  EXPECT_TRUE(info.btf);
  EXPECT_TRUE(info.btf_ext);
  EXPECT_EQ(info.btf_problem, "");
  EXPECT_EQ(info_of(compiler.object("legacy_maps")).license, "");
}

TEST(Object, counts_what_a_loader_has_to_fill_in) {
  BpfCompiler compiler;
  const RelocationCounts counts = info_of(compiler.object("everything")).relocations;
  EXPECT_EQ(counts.maps, 1U);
  EXPECT_EQ(counts.global_data, 4U);
  EXPECT_EQ(counts.calls, 1U);
  EXPECT_EQ(counts.callbacks, 1U);
  EXPECT_EQ(counts.externs, 0U);
  EXPECT_EQ(counts.core_total(), 14U);
  EXPECT_EQ(counts.core[static_cast<std::size_t>(CoreRelocationKind::byte_off)], 2U);
  EXPECT_EQ(counts.core[static_cast<std::size_t>(CoreRelocationKind::type_matches)], 0U);
}

TEST(Object, without_btf_still_has_its_programs_and_the_names_of_its_maps) {
  BpfCompiler compiler;
  const fs::path path = compiler.object("everything");
  compiler.run({"llvm-objcopy", "--remove-section=.BTF", "--remove-section=.BTF.ext",
                "--remove-section=.rel.BTF", "--remove-section=.rel.BTF.ext", path.string()});
  const ObjectInfo info = info_of(path);
  EXPECT_FALSE(info.btf);
  EXPECT_FALSE(info.btf_ext);
  EXPECT_EQ(info.programs.size(), 3U);
  EXPECT_EQ(info.programs[0].core_relocations, 0U);
  std::vector<std::string> names;
  for (const ObjectMap& map : info.maps) names.push_back(map.name + " " + map.type);
  EXPECT_THAT(names, testing::IsSupersetOf({"by_pid unknown", "events unknown",
                                            "per_cpu_events unknown", ".rodata array"}));
}

TEST(Object, damaged_btf_is_a_finding_and_no_refusal) {
  BpfCompiler compiler;
  const fs::path path = compiler.object("everything");
  const fs::path noise = compiler.write("noise", std::string(64, 'x'));
  compiler.run({"llvm-objcopy", "--update-section=.BTF=" + noise.string(), path.string()});
  const ObjectInfo info = info_of(path);
  EXPECT_TRUE(info.btf);
  EXPECT_EQ(info.btf_problem, "BTF: wrong magic number: 0x7878");
  EXPECT_EQ(info.programs.size(), 3U);
}

TEST(Object, reads_the_license_up_to_its_nul_and_no_further_than_a_kernel_would) {
  BpfCompiler compiler;
  const fs::path path = compiler.object("everything");
  const fs::path text = compiler.write("text", std::string(500, 'G'));
  compiler.run({"llvm-objcopy", "--update-section=license=" + text.string(), path.string()});
  EXPECT_EQ(info_of(path).license.size(), 127U);
}

TEST(Object, section_names_newer_than_libbpf_1_1_have_a_type) {
  BpfCompiler compiler;
  const fs::path source = compiler.write(
      "x.c",
      "__attribute__((section(\"tcx/ingress\"), used)) int a(void *c) { return 0; }\n"
      "__attribute__((section(\"uprobe.multi/x\"), used)) int b(void *c) { return 0; }\n"
      "__attribute__((section(\"kprobe.session/x\"), used)) int d(void *c) { return 0; }\n"
      "__attribute__((section(\"fentry/x\"), used)) int e(void *c) { return 0; }\n"
      "__attribute__((section(\"kprobes/x\"), used)) int f(void *c) { return 0; }\n");
  const fs::path path = compiler.directory() / "x.o";
  compiler.run({"clang", "-target", "bpf", "-O2", "-c", source.string(), "-o", path.string()});
  EXPECT_THAT(
      programs(info_of(path)),
      ElementsAre("a tcx/ingress sched_cls 0", "b uprobe.multi/x kprobe 0",
                  "d kprobe.session/x kprobe 0", "e fentry/x tracing 0", "f kprobes/x unknown 0"));
}

TEST(Object, a_file_above_the_limit_is_not_read) {
  BpfCompiler compiler;
  const fs::path path = compiler.write("x.o", "");
  fs::resize_file(path, (64ULL << 20) + 1);
  const Result<ObjectInfo> info = read_object(path);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().message,
            fmt::format("'{}': larger than the limit of 67108864 bytes", path.string()));
}

TEST(Object, every_map_source_has_a_word) {
  EXPECT_EQ(to_string(MapSource::btf), "btf");
  EXPECT_EQ(to_string(MapSource::legacy), "legacy");
  EXPECT_EQ(to_string(MapSource::global), "global");
}

}  // namespace
}  // namespace bpfmatrix
