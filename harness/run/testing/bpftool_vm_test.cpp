// An independent witness: bpftool, in the same kernels, on the same objects.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "kernels/fetch/deb_file.h"
#include "run/machines/guest_vm.h"
#include "run/testing/vm_fixture.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view kSuite = "bookworm";
constexpr std::string_view kTools = "/run/bpfmatrix/tools/";
constexpr const char* kXdpObjects[] = {
    "xdp-dispatcher.o",  "xdpdump_bpf.o",      "xdpdump_xdp.o",          "xdpfilt_alw_all.o",
    "xdpfilt_alw_eth.o", "xdpfilt_alw_ip.o",   "xdpfilt_alw_tcp.o",      "xdpfilt_alw_udp.o",
    "xdpfilt_dny_all.o", "xdpfilt_dny_eth.o",  "xdpfilt_dny_ip.o",       "xdpfilt_dny_tcp.o",
    "xdpfilt_dny_udp.o", "xsk_def_xdp_prog.o", "xsk_def_xdp_prog_5.3.o",
};

/// bpftool and the libraries it is linked with, as packages ship them.
struct ToolFile {
  const char* package;
  const char* path;
  const char* name;
};
constexpr ToolFile kToolFiles[] = {
    {"bpftool", "usr/sbin/bpftool", "bpftool"},
    {"libc6", "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "ld.so"},
    {"libc6", "lib/x86_64-linux-gnu/libc.so.6", "libc.so.6"},
    {"libelf1", "usr/lib/x86_64-linux-gnu/libelf-0.188.so", "libelf.so.1"},
    {"zlib1g", "lib/x86_64-linux-gnu/libz.so.1.2.13", "libz.so.1"},
    {"libcap2", "lib/x86_64-linux-gnu/libcap.so.2.66", "libcap.so.2"},
};

class Bpftool : public VmFixture {
 protected:
  std::string deb_file(const std::string& package, const std::string& path) {
    const auto file = fetch_deb_file(
        {.suite = std::string(kSuite), .arch = Arch::x86_64, .package = package, .path = path},
        settings_.fetch);
    EXPECT_TRUE(file) << file.error().message;
    return file ? file->path.string() : "";
  }

  void put(Session& session, const std::string& host_file, std::string_view guest_path, int mode) {
    const auto bytes = read_file(host_file, 64 << 20);
    ASSERT_TRUE(bytes) << bytes.error().message;
    const auto put = session.put_file(guest_path, *bytes, mode, Clock::now() + 60s);
    ASSERT_TRUE(put) << put.error().message;
  }

  /// What `bpftool prog loadall` says of one object; its words go to `talk`.
  bool loads(Session& session, const std::string& object, std::string& talk) {
    put(session, object, "/run/bpfmatrix/cell/o.o", 0644);
    const std::string tools(kTools);
    const RunRequest run{.argv = {tools + "ld.so", "--library-path", tools, tools + "bpftool",
                                  "prog", "loadall", "/run/bpfmatrix/cell/o.o", "/sys/fs/bpf/o"},
                         .deadline_ms = 60'000};
    const RunEvents events{.on_out_line = [&](std::string_view line) { talk += line; },
                           .on_err = [&](std::string_view bytes) { talk += bytes; }};
    const auto exited = session.run(run, "", events, Clock::now() + 90s);
    EXPECT_TRUE(exited) << exited.error().message;
    return exited && exited->code == 0;
  }
};

bool all_accepted(const Outcome& outcome) {
  return !outcome.programs.empty() &&
         std::all_of(outcome.programs.begin(), outcome.programs.end(), [](const ProgramOutcome& p) {
           return p.load.stage.result == StageResult::ok;
         });
}

TEST_F(Bpftool, agrees_with_run_object_on_every_object_of_libxdp1) {
  std::vector<std::string> objects;
  for (const char* name : kXdpObjects) {
    objects.push_back(deb_file("libxdp1", fmt::format("usr/lib/x86_64-linux-gnu/bpf/{}", name)));
  }
  const std::vector<std::string> kernels{"debian-5.10-x86_64", "debian-6.1-x86_64",
                                         "debian-6.12-x86_64"};
  const std::vector<Outcome> outcomes = run_objects(kernels, objects);
  int loaded = 0;
  for (const std::string& id : kernels) {
    const Result<Kernel> kernel = kernels_->find(id);
    ASSERT_TRUE(kernel) << kernel.error().message;
    auto booted =
        GuestVm::boot(*kernel, Accel::tcg, scratch_->path() / (id + ".console"), settings_);
    auto* vm = std::get_if<std::unique_ptr<GuestVm>>(&booted);
    ASSERT_NE(vm, nullptr) << std::get<VmExit>(booted).reason;
    Session& session = (*vm)->session();
    for (const ToolFile& file : kToolFiles) {
      put(session, deb_file(file.package, file.path), std::string(kTools) + file.name, 0755);
    }
    for (const std::string& object : objects) {
      std::string talk;
      const bool witness = loads(session, object, talk);
      const Outcome& ours =
          find(outcomes, fmt::format("{}/{}/kernel/libbpf", id, case_for_object(object).id));
      EXPECT_EQ(ours.end, End::completed) << ours.end_reason;
      EXPECT_EQ(all_accepted(ours), witness) << ours.cell << ": bpftool said: " << talk;
      loaded += witness ? 1 : 0;
    }
  }
  EXPECT_GT(loaded, 30);  // or both sides fail for one and the same wrong reason
}

}  // namespace
}  // namespace bpfmatrix
