// The loader that has parsed the kernel's BTF before its request, in the template, says of every
// object what a loader says that parses it now.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/file.h"
#include "base/json.h"
#include "cell/run_cell.h"
#include "run/objects/objects_here.h"
#include "run/testing/template_vm_fixture.h"

namespace bpfmatrix {
namespace {

constexpr const char* kKernel = "debian-6.1-x86_64";
constexpr const char* kBtfObject = "/run/bpfmatrix/cell/object.o";
constexpr std::uint64_t kMaxBytes = 64 << 20;

/// What a loader said of an object.
struct Said {
  /// The event `kernel_btf`: "ahead", "now"; empty: none.
  std::string parsed{};
  /// All others, but for what is a time.
  std::vector<std::string> lines{};
};

class KernelBtfVm : public TemplateVmFixture {
 protected:
  void SetUp() override {
    TemplateVmFixture::SetUp();
    TemplateRequest wanted = request(kKernel);
    wanted.standby = {loader_in_guest(kUsualLoader)};
    wanted.key.files = wanted.standby.front();
    template_.emplace(get(wanted));
  }

  /// Every object of the suite that is here, by its case.
  std::map<std::string, std::string> objects() {
    const ObjectsHere here(settings_, *kernels_);
    std::map<std::string, std::string> found;
    const auto suite = read_suite(BPFMATRIX_SOURCE_DIR "/cases");
    EXPECT_TRUE(suite) << suite.error().message;
    for (const CaseSpec& spec : *suite) {
      const auto object = here.find(spec, Arch::x86_64);
      if (!object || !*object || (*object)->problem) continue;
      found[spec.id] = *read_file((*object)->file, kMaxBytes);
    }
    return found;
  }

  static void take(std::string_view line, Said& said) {
    static const std::regex time(R"(verification(_usec":|\w* time )\d+)");
    const Result<Json> event = parse_json(line, "loader");
    ASSERT_TRUE(event) << line;
    if ((*event)["event"] == "kernel_btf") {
      EXPECT_EQ(said.parsed, "") << "said twice";
      said.parsed = (*event)["parsed"];
    } else {
      said.lines.push_back(std::regex_replace(std::string(line), time, "time"));
    }
  }

  /// The first run in a clone is given to the loader that waits there, the next to a new one.
  static Said run(Session& session, const std::string& object, bool hide_btf) {
    Said said;
    EXPECT_TRUE(session.put_file(kBtfObject, object, 0644, soon()));
    const RunRequest run{
        .argv = {loader_in_guest(kUsualLoader)}, .deadline_ms = 60'000, .hide_btf = hide_btf};
    const Json input{{"contract", 1},  {"object", kBtfObject}, {"btf", nullptr},
                     {"attach", true}, {"hold", false},        {"insns", true}};
    const RunEvents events{.on_out_line = [&](std::string_view line) { take(line, said); },
                           .on_err = [](std::string_view) {}};
    const auto exited = session.run(run, input.dump() + "\n", events, soon());
    EXPECT_TRUE(exited) << exited.error().message;
    EXPECT_EQ(exited->code, 0);
    return said;
  }

  std::optional<Template> template_{};
};

TEST_F(KernelBtfVm, parsed_ahead_comes_to_the_same_as_parsed_now) {
  std::size_t asked = 0;
  std::size_t number = 0;
  for (const auto& [name, object] : objects()) {
    // A clone each takes its time: every second.
    if (number++ % 2 != 0) continue;
    SCOPED_TRACE(name);
    GuestClone guest = clone(*template_);
    const Said ahead = run(*guest.session, object, false);
    if (ahead.parsed.empty()) continue;
    ++asked;
    EXPECT_EQ(ahead.parsed, "ahead");
    const Said now = run(*guest.session, object, false);
    EXPECT_EQ(now.parsed, "now");
    EXPECT_EQ(ahead.lines, now.lines);
  }
  EXPECT_GT(asked, 15U);
}

TEST_F(KernelBtfVm, hidden_btf_is_not_found_by_a_loader_that_waited_either) {
  const auto all = objects();
  for (const std::string name : {"core-task-tgid", "connect-fentry", "struct-ops", "ringbuf"}) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(all.contains(name));
    GuestClone guest = clone(*template_);
    const Said waited = run(*guest.session, all.at(name), true);
    EXPECT_EQ(waited.parsed, "");
    const Said fresh = run(*guest.session, all.at(name), true);
    EXPECT_EQ(fresh.parsed, "");
    EXPECT_EQ(waited.lines, fresh.lines);
  }
}

}  // namespace
}  // namespace bpfmatrix
