#include "elf/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ObjectInfo probe() {
  ObjectInfo info{.sha256 = "abc", .bytes = 1234, .license = "GPL", .producer = "clang 14.0.6"};
  info.btf = true;
  info.btf_ext = true;
  info.programs = {{.name = "on_connect",
                    .section = "kprobe/tcp_connect",
                    .type = "kprobe",
                    .instructions = 41,
                    .core_relocations = 2}};
  info.maps = {{.name = "events", .type = "ringbuf", .max_entries = 4096}};
  info.relocations.maps = 1;
  info.relocations.core[0] = 2;
  return info;
}

TEST(Inspect, prints_aligned_tables) {
  EXPECT_EQ(
      inspect_text(probe(), "x.o"),
      "x.o\n"
      "  bytes        1234\n"
      "  sha256       abc\n"
      "  license      GPL\n"
      "  producer     clang 14.0.6\n"
      "  BTF          .BTF, .BTF.ext\n"
      "  relocations  1 map, 0 global data, 0 call, 0 callback, 0 extern, 2 CO-RE (2 byte_off)\n"
      "\n"
      "  program     section             type    insns  CO-RE\n"
      "  on_connect  kprobe/tcp_connect  kprobe     41      2\n"
      "\n"
      "  map     type     defined  key  value  entries\n"
      "  events  ringbuf  btf        0      0     4096\n");
}

TEST(Inspect, an_object_that_lacks_nothing_has_no_notes) {
  EXPECT_THAT(object_notes(probe()), ElementsAre());
}

TEST(Inspect, a_missing_license_costs_gpl_only_helpers) {
  ObjectInfo info = probe();
  info.license = "";
  EXPECT_THAT(object_notes(info), ElementsAre("no license: the verifier rejects calls of GPL-only "
                                              "helpers, which most tracing programs need"));
  info.license = "Apache-2.0";
  EXPECT_THAT(object_notes(info),
              ElementsAre("license 'Apache-2.0' is not GPL-compatible: the verifier rejects "
                          "calls of GPL-only helpers"));
  info.license = "Dual BSD/GPL";
  EXPECT_THAT(object_notes(info), ElementsAre());
}

TEST(Inspect, missing_btf_costs_core_and_maps) {
  ObjectInfo info = probe();
  info.btf = info.btf_ext = false;
  EXPECT_THAT(object_notes(info),
              ElementsAre("no .BTF, so no CO-RE: kernel structures are read at the offsets of the "
                          "machine that compiled it; compile with -g",
                          "section .maps without .BTF: loaders cannot know what its maps are"));
  info.btf = true;
  EXPECT_THAT(object_notes(info),
              ElementsAre("no .BTF.ext: no CO-RE, and no source lines in failures"));
}

TEST(Inspect, tracing_without_core_relocations_reads_the_build_hosts_offsets) {
  ObjectInfo info = probe();
  info.relocations.core = {};
  EXPECT_THAT(object_notes(info),
              ElementsAre("no CO-RE relocation: if it reads kernel structures, it does so at the "
                          "offsets of the machine that compiled it"));
  info.programs[0].type = "xdp";
  EXPECT_THAT(object_notes(info), ElementsAre());
}

TEST(Inspect, names_what_some_loaders_refuse) {
  ObjectInfo info = probe();
  info.maps[0].source = MapSource::legacy;
  info.programs[0].type = "unknown";
  EXPECT_THAT(
      object_notes(info),
      ElementsAre(
          "legacy map definitions: libbpf 1.x cannot open the object, Aya and older libbpf can",
          "section 'kprobe/tcp_connect' names no program type: the loader has to set it"));
}

TEST(Inspect, escape_sequences_in_names_do_not_reach_the_terminal) {
  ObjectInfo info = probe();
  info.programs[0].name = "a\x1b[31mb\n";
  EXPECT_THAT(inspect_text(info, "x.o"), HasSubstr("a\\x1b[31mb\\x0a"));
}

TEST(Inspect, json_holds_the_same_facts) {
  const OrderedJson json = inspect_json(probe(), "x.o");
  EXPECT_EQ(json["path"], "x.o");
  EXPECT_EQ(json["programs"][0]["section"], "kprobe/tcp_connect");
  EXPECT_EQ(json["programs"][0]["core_relocations"], 2);
  EXPECT_EQ(json["maps"][0]["type"], "ringbuf");
  EXPECT_EQ(json["relocations"]["core"]["byte_off"], 2);
  EXPECT_EQ(json["relocations"]["core"].size(), 13U);
  EXPECT_TRUE(json["notes"].empty());
}

}  // namespace
}  // namespace bpfmatrix
