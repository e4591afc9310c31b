#include "elf/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hostile_test_support.h"
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

TEST(Inspect, whatever_an_object_is_called_only_printable_text_comes_out) {
  ObjectInfo info = probe();
  for (std::string* text :
       {&info.license, &info.producer, &info.btf_problem, &info.programs[0].name,
        &info.programs[0].section, &info.maps[0].name}) {
    *text = kHostile;
  }
  info.programs[0].type = "unknown";
  const std::string text = inspect_text(info, kHostile);
  expect_printable(text);
  expect_no_forged_line(text);
  EXPECT_THAT(text, HasSubstr("h\\x1b[31m"));
  const std::string json = json_text(inspect_json(info, kHostile));
  expect_printable(json);
  EXPECT_TRUE(parse_json(json, "inspect"));
}

TEST(Inspect, columns_stand_below_one_another_whatever_the_names) {
  ObjectInfo info = probe();
  info.programs[0].name = "µµµ\x1b";
  const std::string text = inspect_text(info, "x.o");
  EXPECT_THAT(text, HasSubstr("\n  program  section"));
  EXPECT_THAT(text, HasSubstr("\n  µµµ\\x1b  kprobe/"));
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
