#include "outcome/testing/full_outcome.h"

#include <gtest/gtest.h>

#include "outcome/outcome_fields.h"

namespace bpfmatrix {

namespace {

/// Every leaf that may be another text; words and hashes may not.
template <typename Read>
int replace_texts(Json& json, std::string_view text, const Read& reads) {
  int replaced = 0;
  const Json leaves = json.flatten();
  for (const auto& [pointer, leaf] : leaves.items()) {
    Json& place = json[Json::json_pointer(pointer)];
    if (!leaf.is_string() && !leaf.is_null()) continue;
    const Json before = place;
    place = text;
    if (reads(json)) {
      ++replaced;
    } else {
      place = before;
    }
  }
  return replaced;
}

}  // namespace

Outcome full_outcome() {
  Outcome o;
  o.cell = "debian-6.1-x86_64/connect-kprobe-bare/kernel/libbpf";
  o.kernel = {"debian-6.1-x86_64",
              "6.1.0-50-cloud-amd64",
              "x86_64",
              true,
              4700000,
              "aa",
              "deb",
              "linux-image-6.1.0-50-cloud-amd64",
              "6.1.176-1",
              "bb",
              "cc"};
  o.object = {"connect.o", "dd", true, true, "GPL", "clang 14.0.6"};
  o.case_id = "connect-kprobe-bare";
  o.btf_source = "kernel";
  o.embedded = EmbeddedBtf{EmbeddedOrigin::file, 4711, "ab", 900, 871};
  o.loader = "libbpf";
  o.loader_version = "1.4.6";
  o.kernel.facts = "dd";
  o.app = {"./app", 0, {}, 2, 7};
  o.vm = {.accel = "tcg",
          .cloned = true,
          .ready_ms = 52,
          .wall_ms = 840,
          .loader_ms = 700,
          .btf_parsed_ahead = true,
          .attempts = {{true, End::hung, "no answer"}, {false, End::completed, ""}},
          .cold_checked = true,
          .flaky = {"end: hung, completed"}};
  o.end = End::completed;
  o.open.result = StageResult::ok;
  o.relocate.stage.result = StageResult::ok;
  o.relocate.applied = 1;
  o.relocate.skipped = 0;
  o.relocate.poisoned = 0;
  o.maps.push_back({"events", "ringbuf", {StageResult::failed, "EINVAL", "no such type"}});
  ProgramOutcome p{"on_connect", "kprobe/sys_connect", "kprobe", {}, {}, {}};
  p.relocations = {{3, "helper", 7, 48, "byte_off", "struct task_struct::tgid", 4,
                    "struct task_struct::tgid", "veth", 2420, 1, RelocationResult::resolved,
                    "a reason", CrossCheck::disagrees, "sent imm 2424, calculated imm 2420"},
                   {.kind = "enumval_value", .local_value = UINT64_MAX}};
  p.load.stage.result = StageResult::ok;
  p.load.stats.insns = 41;
  p.load.stats.xlated_bytes = 344;
  p.load.log_sha256 = "ee";
  p.load.log_tail = "processed 41 insns";
  p.attach = {{StageResult::failed, "ENOENT", "no such symbol"}, "kprobe", "sys_connect", "", {}};
  p.attach.candidates = {{"sys_connect", false, false, false, false, {}},
                         {"a:b", {}, {}, {}, {}, true}};
  p.run = {"standard", 1, 3, 4500, ArgumentsSeen::wrapped};
  o.programs.push_back(p);
  o.trigger = {"standard", {{"getpid", 312}, {"connect", -115}}, ""};
  o.observed = {{"fd__direct", std::int64_t{-7}, std::int64_t{100}, ObservedResult::wrong},
                {"mask", std::uint64_t{18446744073709551615U}, {}, ObservedResult::unknown},
                {"comm", "trig", "trig", ObservedResult::right},
                {"port", std::int64_t{0}, std::int64_t{28531}, ObservedResult::absent}};
  return o;
}

Outcome hostile_outcome(std::string_view text) {
  Json json = to_json(full_outcome());
  const int replaced = replace_texts(
      json, text, [](const Json& changed) { return outcome_from_json(changed, "f").has_value(); });
  EXPECT_GT(replaced, 60);
  return *outcome_from_json(json, "f");
}

KernelFacts hostile_facts(std::string_view text) {
  const std::string name(text);
  KernelFacts facts;
  for (std::string* one : {&facts.release, &facts.arch, &facts.cmdline}) *one = name;
  for (const char* group : {"map_type", "program_type", "attach", "behaviour"}) {
    facts.probed[group][name] = {Ternary::no, name};
    facts.probed[group]["b" + name] = {Ternary::unknown, name};
  }
  facts.helper_count = 209;
  facts.helpers[name] = {{1, 2, 44}, {12}};
  facts.numbers[name] = -1;
  facts.options[name] = name;
  facts.config.emplace();
  facts.config->emplace(name, name);
  facts.tracepoints = {name};
  return facts;
}

}  // namespace bpfmatrix
