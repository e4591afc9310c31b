#include "cell/transcript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/file.h"
#include "base/gzip.h"
#include "base/sha256.h"
#include "base/temp_dir.h"
#include "cell/run_cell.h"
#include "cell/testing/attempts.h"
#include "cell/transcript_fields.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

Transcript full_transcript() {
  Attempt lost = given_up(SessionState::lost, "console\n\x01\xff");
  lost.machine_end->qemu = ExitStatus{.signal = 9};
  Attempt checked = booted(completed(rejected_lines()));
  checked.kind = AttemptKind::cold_check;
  checked.trigger_error = "no";
  checked.go_error = "trigger: closed";
  checked.loader_log = "libbpf: hello\n";
  Attempt none{.no_machine = VmExit{End::unavailable, "no QEMU", "tail"}};
  Transcript transcript = transcript_of({completed(good_lines()), lost, checked, none});
  transcript.inputs.spec.privileges.capabilities = {"CAP_BPF"};
  transcript.inputs.spec.globals = {{"level", 5}};
  transcript.inputs.embedded = EmbeddedBtf{EmbeddedOrigin::debug_info, 7, "b", {}, {}};
  transcript.inputs.app = AppInput{LoaderApp{.name = "app", .path = "./app"}, "s"};
  return transcript;
}

TEST(Transcript, comes_back_as_it_was_kept) {
  const Transcript transcript = full_transcript();
  const Result<Transcript> read = unpack_transcript(pack(transcript), "x");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json_text(*read), to_json_text(transcript));
  EXPECT_EQ(read->attempts[0].lines, good_lines());
}

TEST(Transcript, is_read_strictly) {
  const std::string text = to_json_text(full_transcript());
  const auto error = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    const Result<Transcript> read = unpack_transcript(gzip(changed), "t.json.gz");
    return read ? "none" : read.error().message;
  };
  EXPECT_THAT(error(R"("schema":1)", R"("schema":7)"), HasSubstr("'t.json.gz"));
  EXPECT_THAT(error(R"("accel")", R"("speed")"), HasSubstr("attempts[0]"));
  EXPECT_THAT(error(R"("kind":"first")", R"("kind":"last")"), HasSubstr("unknown word 'last'"));
  EXPECT_FALSE(unpack_transcript("garbage", "x"));
  EXPECT_FALSE(unpack_transcript(pack(full_transcript()).substr(0, 100), "x"));
  EXPECT_FALSE(unpack_transcript("", "x"));
}

TEST(Transcript, its_published_schema_is_what_is_read) {
  const std::filesystem::path file = BPFMATRIX_SOURCE_DIR "/harness/cell/transcript.schema.json";
  const std::string schema =
      json_schema<Transcript>("A bpfmatrix transcript",
                              "transcripts/CELL.json.gz of a run: all that one cell said, raw.")
          .dump(2) +
      "\n";
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file(file, schema));
  }
  const Result<std::string> published = read_file(file, 1 << 20);
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_EQ(*published, schema) << "UPDATE_GOLDEN=1 rewrites it";
}

/// All that a transcript is a function of, to be changed one thing at a time.
struct World {
  Cell cell{.kernel = {"debian-6.1-x86_64", Arch::x86_64}, .case_id = "c", .loader = "libbpf"};
  CaseSpec spec{.id = "c", .object = FileObject{"/x.o"}};
  Kernel kernel{.id = "debian-6.1-x86_64", .release = "6.1.0", .image_sha256 = "1"};
  ObjectFile object{.file = "/x.o", .shown = "/x.o"};
  std::optional<AppFile> app{};
  std::vector<std::string> modules{};
  AskedOfLoader asked{};
  std::chrono::seconds timeout{120};
  std::string machine = "m";
  std::string isolation = "kernel";

  World() {
    kernel.btf = KernelBtf{"/btf", 5, std::string(64, 'b')};
    object.info.sha256 = std::string(64, 'o');
    spec.trigger.emplace();
  }
  Result<TranscriptInputs> inputs() {
    const CellInput input{&cell,   &spec, &kernel, &object, nullptr, app ? &*app : nullptr,
                          modules, asked, timeout};
    return inputs_of(input, machine, isolation);
  }
  std::string key() {
    const Result<TranscriptInputs> in = inputs();
    EXPECT_TRUE(in) << in.error().message;
    return in ? key_of(*in) : "";
  }
};

TEST(TranscriptKey, equal_worlds_have_one_key) {
  EXPECT_EQ(World().key(), World().key());
  EXPECT_TRUE(is_sha256(World().key()));
}

TEST(TranscriptKey, each_thing_that_decides_makes_another) {
  const auto dir = TempDir::create();
  ASSERT_TRUE(write_file(dir->path() / "one", "1"));
  ASSERT_TRUE(write_file(dir->path() / "two", "2"));
  const std::vector<std::function<void(World&)>> changes{
      [](World& w) { w.cell.btf = BtfSource::embedded; },
      [](World& w) { w.cell.loader = "aya"; },
      [](World& w) { w.spec.id = w.cell.case_id = "d"; },
      [](World& w) { w.kernel.image_sha256 = "2"; },
      [](World& w) { w.kernel.release = "6.1.1"; },
      [](World& w) { w.kernel.btf->sha256 = std::string(64, 'c'); },
      [](World& w) { w.kernel.origin.signed_by = "somebody"; },
      [](World& w) { w.object.info.sha256 = std::string(64, 'p'); },
      [](World& w) { w.object.shown = "/y.o"; },
      [](World& w) { w.spec.attach = false; },
      [](World& w) { w.spec.privileges.memlock_bytes = 1; },
      [](World& w) { w.spec.privileges.lockdown = "integrity"; },
      [](World& w) { w.asked.globals["level"] = 3; },
      [](World& w) { w.asked.settings.left_out = {"a"}; },
      [](World& w) {
        w.asked.settings.maps["m"].max_entries = Amount{AmountOf::cpus, 1};
      },
      [](World& w) { w.modules = {"nf_conntrack"}; },
      [](World& w) {
        w.spec.user.sysctl = {{"kernel.x", "1"}};
      },
      [](World& w) { w.spec.trigger.reset(); },
      [](World& w) {
        w.spec.trigger->write = WriteTrigger{"/proc/x", "1"};
      },
      [](World& w) { w.spec.trigger->command = {"/bin/true"}; },
      [&](World& w) { w.spec.trigger->command_file = dir->path() / "one"; },
      [&](World& w) { w.spec.trigger->command_file = dir->path() / "two"; },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app"}, "/app", "1"};
      },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app"}, "/app", "2"};
      },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app", .arguments = {"-v"}}, "/app", "2"};
      },
      [](World& w) {
        w.app = AppFile{{.name = "app", .path = "app", .quiet_ms = 7}, "/app", "2"};
      },
      [](World& w) { w.timeout = std::chrono::seconds(60); },
      [](World& w) { w.machine = "n"; },
      [](World& w) { w.isolation = "cell"; },
  };
  std::set<std::string> keys{World().key()};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    World world;
    changes[i](world);
    EXPECT_TRUE(keys.insert(world.key()).second) << "change " << i;
  }
}

TEST(TranscriptKey, what_is_handed_over_counts_where_it_is_handed_over) {
  World one;
  World other;
  one.kernel.btf.reset();
  other.kernel.btf.reset();
  one.kernel.detached_btf = KernelBtf{"/a", 1, "a"};
  other.kernel.detached_btf = KernelBtf{"/b", 1, "b"};
  EXPECT_EQ(one.key(), other.key());
  one.cell.btf = other.cell.btf = BtfSource::embedded;
  EXPECT_NE(one.key(), other.key());
}

TEST(TranscriptKey, what_is_expected_decides_nothing) {
  World other;
  other.spec.shows = "something else";
  other.spec.expect.emplace_back();
  other.spec.truth["pid"] = 3;
  EXPECT_EQ(World().key(), other.key());
}

TEST(TranscriptKey, without_a_file_that_goes_into_the_guest_there_is_none) {
  World world;
  world.spec.trigger->command_file = "/nowhere/at/all";
  EXPECT_FALSE(world.inputs());
}

}  // namespace
}  // namespace bpfmatrix
