// What a stranger may send in place of a pack: each is refused, and nothing is written outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "repro/testing/fake_pack.h"
#include "repro/testing/pack_box.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;
using Kind = FakeEntry::Kind;

struct Hostile {
  const char* name;
  /// The bytes of the file.
  std::function<std::string()> make;
  /// What the error says.
  const char* problem;
};

std::string entries(const std::vector<FakeEntry>& more) {
  std::vector<FakeEntry> all = fake_pack().entries();
  all.insert(all.end(), more.begin(), more.end());
  return make_tar(all, Packing::zstd);
}

/// A good pack with one thing changed, and a manifest that goes with the files.
std::string with(const std::function<void(FakePack&)>& change, FakePack pack = fake_pack()) {
  change(pack);
  pack.list_files();
  return pack.bytes();
}

/// The same, where the manifest is not made anew.
std::string unlisted(const std::function<void(FakePack&)>& change, FakePack pack = fake_pack()) {
  change(pack);
  return pack.bytes();
}

std::string manifest_with(const std::string& from, const std::string& to) {
  FakePack pack = fake_pack();
  pack.manifest_text = to_text(pack.manifest);
  const std::size_t at = pack.manifest_text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  pack.manifest_text.replace(at, from.size(), to);
  return pack.bytes();
}

std::string manifest_text(const std::string& text) {
  FakePack pack = fake_pack();
  pack.manifest_text = text;
  return pack.bytes();
}

std::string member(const std::string& path) {
  return with([&](FakePack& pack) { pack.files[path] = "x"; });
}

/// Only the manifest names it.
std::string listed(const std::string& path) {
  return unlisted([&](FakePack& pack) {
    pack.manifest.members.insert(pack.manifest.members.begin(), {path, 1, std::string(64, 'a')});
  });
}

std::string case_json(const std::string& text) {
  return with([&](FakePack& pack) { pack.files["case/case.json"] = text; }, fake_case_pack());
}

std::string transcript_with(const std::function<void(Transcript&)>& change,
                            FakePack pack = fake_pack()) {
  change(pack.transcript);
  pack.files.erase(std::string(kTranscriptMember));
  pack.list_files();
  return pack.bytes();
}

std::string kernel_json(const std::string& from, const std::string& to) {
  return with(
      [&](FakePack& pack) {
        std::string& text = pack.files[std::string(kKernelRecordMember)];
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
      },
      fake_kernel_pack());
}

/// A file of holes takes no room in the archive, and as much as it says where it is unpacked.
std::string holes() {
  const Result<TempDir> dir = TempDir::create();
  const FakePack fake = fake_case_pack();
  EXPECT_TRUE(write_file(dir->path() / "manifest.json", to_text(fake.manifest)));
  EXPECT_TRUE(write_file(dir->path() / "object.o", ""));
  fs::resize_file(dir->path() / "object.o", 1000 << 20);
  must_run({"tar", "-C", dir->path(), "--sparse", "--format=gnu", "-cf", dir->path() / "t.tar",
            "manifest.json", "object.o"});
  return pack(*read_file(dir->path() / "t.tar", 1 << 20), Packing::zstd);
}

std::string many_members() {
  FakePack pack = fake_pack();
  for (std::size_t i = 0; i <= kMaxPackMembers; ++i)
    pack.manifest.members.push_back({"case/" + std::to_string(i), 0, std::string(64, 'a')});
  return pack.bytes();
}

const Hostile kHostile[] = {
    // The file.
    {"empty", [] { return std::string(); }, "not packed with zstd"},
    {"text", [] { return std::string("hello, world\n"); }, "not packed with zstd"},
    {"not_packed", [] { return make_tar(fake_pack().entries(), Packing::none); },
     "not packed with zstd"},
    {"gzip", [] { return make_tar(fake_pack().entries(), Packing::gzip); }, "not packed with zstd"},
    {"xz", [] { return make_tar(fake_pack().entries(), Packing::xz); }, "not packed with zstd"},
    {"packed_twice", [] { return pack(fake_pack().bytes(), Packing::zstd); },
     "packed more than once"},
    {"zstd_of_no_tarball", [] { return pack("hello", Packing::zstd); }, ""},
    {"cut_off", [] { return fake_pack().bytes().substr(0, 600); }, ""},
    {"damaged",
     [] {
       std::string bytes = fake_pack().bytes();
       bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
       return bytes;
     },
     ""},
    {"nothing_in_it", [] { return make_tar({}, Packing::zstd); }, "empty"},
    // Paths and kinds.
    {"absolute", [] { return entries({{.path = "/etc/cron.d/x", .body = "x"}}); },
     "'/etc/cron.d/x': a path that leaves the package"},
    {"climbs_out", [] { return entries({{.path = "../x", .body = "x"}}); },
     "'../x': a path that leaves the package"},
    {"climbs_out_later", [] { return entries({{.path = "case/../../x", .body = "x"}}); },
     "'case/../../x': a path that leaves the package"},
    {"symlink", [] { return entries({{.path = "case/l", .body = "/etc", .kind = Kind::symlink}}); },
     "'case/l' is not in its manifest"},
    {"symlink_that_is_listed",
     [] {
       FakePack pack = fake_pack();
       std::vector<FakeEntry> all = pack.entries();
       all.back() = {.path = all.back().path, .body = "/etc/passwd", .kind = Kind::symlink};
       return make_tar(all, Packing::zstd);
     },
     "a link or a device where a file was wanted"},
    {"hard_link_that_is_listed",
     [] {
       FakePack pack = fake_pack();
       std::vector<FakeEntry> all = pack.entries();
       all.back() = {.path = all.back().path, .body = "manifest.json", .kind = Kind::hardlink};
       return make_tar(all, Packing::zstd);
     },
     "a link or a device where a file was wanted"},
    {"device_that_is_listed",
     [] {
       FakePack pack = fake_pack();
       std::vector<FakeEntry> all = pack.entries();
       all.back() = {.path = all.back().path, .kind = Kind::device};
       return make_tar(all, Packing::zstd);
     },
     "a link or a device where a file was wanted"},
    {"folder", [] { return entries({{.path = "case", .kind = Kind::folder}}); },
     "'case' is not in its manifest"},
    {"manifest_is_a_link",
     [] {
       return make_tar({{.path = "manifest.json", .body = "/etc/passwd", .kind = Kind::symlink}},
                       Packing::zstd);
     },
     "a link or a device where a file was wanted"},
    {"not_listed", [] { return entries({{.path = "case/more", .body = "x"}}); },
     "'case/more' is not in its manifest"},
    {"comes_twice", [] { return entries({{.path = "object.o", .body = "another"}}); },
     "'object.o' comes twice"},
    {"comes_twice_by_another_name",
     [] { return entries({{.path = "./object.o", .body = "another"}}); }, "'object.o' comes twice"},
    {"second_manifest", [] { return entries({{.path = "manifest.json", .body = "{}"}}); },
     "'manifest.json' comes twice"},
    {"manifest_last",
     [] {
       std::vector<FakeEntry> all = fake_pack().entries();
       std::rotate(all.begin(), all.begin() + 1, all.end());
       return make_tar(all, Packing::zstd);
     },
     "'manifest.json' does not come first"},
    {"file_is_missing",
     [] { return unlisted([](FakePack& pack) { pack.files.erase("object.o"); }); },
     "'object.o' is missing"},
    {"file_and_folder_of_one_name",
     [] {
       return with([](FakePack& pack) { pack.files["case/a.bpf.c/b"] = "x"; }, fake_case_pack());
     },
     "case/a.bpf.c/b': "},
    // The manifest.
    {"manifest_is_no_json", [] { return manifest_text("{"); }, "'manifest.json': "},
    {"manifest_is_a_list", [] { return manifest_text("[]"); }, "wanted an object"},
    {"manifest_is_nested_deep", [] { return manifest_text(std::string(100'000, '[')); },
     "'manifest.json': "},
    {"manifest_is_large", [] { return manifest_text(std::string((16 << 20) + 1, ' ')); },
     "'manifest.json' is too large"},
    {"other_schema", [] { return manifest_with("\"schema\": 1", "\"schema\": 9"); },
     "key 'schema': wanted 1, got 9"},
    {"unknown_key", [] { return manifest_with("\"cell\":", "\"run\": \"sh\", \"cell\":"); },
     "unknown key 'run'"},
    {"key_twice", [] { return manifest_with("\"cell\":", "\"loader\": \"x\", \"cell\":"); },
     "'manifest.json': "},
    {"key_missing", [] { return manifest_with("\"loader\": \"libbpf\",", ""); },
     "key 'loader': missing"},
    {"id_that_is_a_path",
     [] { return unlisted([](FakePack& pack) { pack.manifest.kernel.id = "../../x"; }); },
     "no valid name"},
    {"loader_that_is_a_path",
     [] { return unlisted([](FakePack& pack) { pack.manifest.loader = "/bin/sh"; }); },
     "no valid name"},
    {"case_that_is_a_path",
     [] { return unlisted([](FakePack& pack) { pack.manifest.case_id = "a/b"; }); },
     "no valid name"},
    {"no_time_at_all",
     [] { return unlisted([](FakePack& pack) { pack.manifest.options.cell_timeout_s = 0; }); },
     "key 'cell_timeout_s': "},
    {"waits_for_ever",
     [] {
       return unlisted([](FakePack& pack) { pack.manifest.options.boot_timeout_s = 1LL << 62; });
     },
     "key 'boot_timeout_s': "},
    {"path_climbs_out", [] { return listed("case/../../x"); }, "no place for such a file"},
    {"path_is_absolute", [] { return listed("/etc/passwd"); }, "no place for such a file"},
    {"path_of_another_folder", [] { return listed("bin/sh"); }, "no place for such a file"},
    {"path_with_a_blank", [] { return member("case/a b"); }, "no place for such a file"},
    {"path_with_a_line_end", [] { return listed("case/a\nerror: b"); }, "no place for such a file"},
    {"path_that_is_long", [] { return member("case/" + std::string(300, 'a')); },
     "no place for such a file"},
    {"listed_twice",
     [] {
       return unlisted(
           [](FakePack& pack) { pack.manifest.members.push_back(pack.manifest.members.back()); });
     },
     "twice, or not sorted"},
    {"not_sorted",
     [] {
       return unlisted([](FakePack& pack) {
         std::swap(pack.manifest.members.front(), pack.manifest.members.back());
       });
     },
     "twice, or not sorted"},
    {"too_many_files", many_members, "more than 20000 files"},
    {"too_large",
     [] {
       return unlisted(
           [](FakePack& pack) { pack.manifest.members.front().bytes = kMaxPackBytes + 1; });
     },
     "more than 1073741824 bytes together"},
    {"sizes_that_overflow",
     [] {
       return unlisted([](FakePack& pack) {
         for (PackMember& one : pack.manifest.members) one.bytes = ~std::uint64_t{0} / 2 + 1;
       });
     },
     "more than 1073741824 bytes together"},
    {"shorter_than_listed",
     [] { return unlisted([](FakePack& pack) { pack.files["object.o"].pop_back(); }); },
     "'object.o': 8 bytes, its manifest says 9"},
    {"longer_than_listed",
     [] { return unlisted([](FakePack& pack) { pack.files["object.o"] += "!"; }); },
     "'object.o': 10 bytes, its manifest says 9"},
    {"other_hash", [] { return unlisted([](FakePack& pack) { pack.files["object.o"][0] = 'A'; }); },
     "'object.o': sha256 mismatch"},
    {"bomb",
     [] {
       return with([](FakePack& pack) { pack.files["case/zeros"] = std::string(80 << 20, '\0'); },
                   fake_case_pack());
     },
     "unpacks to more than "},
    {"bomb_of_holes", holes, "unpacks to more than "},
    {"other_cell",
     [] { return unlisted([](FakePack& pack) { pack.manifest.cell = "a/b/kernel/libbpf"; }); },
     "its cell is 'a/b/kernel/libbpf', and the parts of it make '"},
    // What lies in it.
    {"no_transcript",
     [] {
       return with([](FakePack& pack) { pack.files[std::string(kTranscriptMember)] = "hello"; });
     },
     "'transcript.json.gz'"},
    {"transcript_of_another_cell",
     [] { return transcript_with([](Transcript& t) { t.inputs.cell = "a/b/kernel/libbpf"; }); },
     "the cell of its manifest is '"},
    {"transcript_of_another_object",
     [] {
       return transcript_with([](Transcript& t) { t.inputs.object.sha256 = std::string(64, 'a'); });
     },
     "the object of its manifest is '"},
    {"transcript_of_another_kernel",
     [] {
       return transcript_with([](Transcript& t) { t.inputs.image_sha256 = std::string(64, 'a'); });
     },
     "the kernel image of its manifest is '"},
    {"transcript_with_an_application",
     [] {
       return transcript_with([](Transcript& t) {
         t.inputs.app = AppInput{{"agent", "/opt/agent"}, std::string(64, 'a')};
       });
     },
     "its transcript has an application, its manifest none"},
    {"outcome_is_none",
     [] { return with([](FakePack& pack) { pack.files[std::string(kOutcomeMember)] = "{}"; }); },
     "'outcome.json': key 'schema': missing"},
    {"outcome_of_another_cell",
     [] {
       return with([](FakePack& pack) {
         pack.outcome.cell = "x";
         pack.files.erase(std::string(kOutcomeMember));
       });
     },
     "that of its outcome 'x'"},
    {"facts_are_none",
     [] { return with([](FakePack& pack) { pack.files[std::string(kFactsMember)] = "hello"; }); },
     "'facts.json.gz': "},
    {"flag_that_runs_code",
     [] {
       return case_json(
           R"({"schema": 2, "shows": "x", "object": {"source": "a.bpf.c"}, "cflags": ["-fplugin=./x.so"]})");
     },
     "key 'cflags': "},
    {"source_of_another_folder",
     [] {
       return case_json(R"({"schema": 2, "shows": "x", "object": {"source": "../../x.bpf.c"}})");
     },
     "must name a file beside the case"},
    {"case_that_asks_for_something_else",
     [] {
       return case_json(
           R"({"schema": 2, "shows": "x", "object": {"source": "a.bpf.c"}, "attach": false})");
     },
     "its case is not what its transcript says was run"},
    {"case_without_its_file",
     [] {
       return with([](FakePack& pack) { pack.files.erase("case/case.json"); }, fake_case_pack());
     },
     "'case/case.json' is missing"},
    {"case_where_there_is_none",
     [] { return with([](FakePack& pack) { pack.files["case/case.json"] = "{}"; }); },
     "'case/case.json' is too many"},
    {"application_that_nobody_names", [] { return member("app"); },
     "'app' and the key 'app' are not both there"},
    {"application_of_another_name",
     [] {
       return unlisted([](FakePack& pack) { pack.manifest.app->name = "other"; }, fake_app_pack());
     },
     "the application is called 'other', and the loader 'agent'"},
    {"another_application",
     [] { return with([](FakePack& pack) { pack.files["app"] = "#!/bin/sh"; }, fake_app_pack()); },
     "its application is not the one of its transcript"},
    {"application_with_other_arguments",
     [] {
       return unlisted([](FakePack& pack) { pack.manifest.app->arguments = {"--evil"}; },
                       fake_app_pack());
     },
     "its application is not the one of its transcript"},
    {"btf_that_nobody_embeds", [] { return member("vmlinux.btf"); }, "no BTF was embedded"},
    {"another_btf",
     [] { return with([](FakePack& pack) { pack.files["vmlinux.btf"] = "?"; }, fake_app_pack()); },
     "the embedded BTF of its manifest is '"},
    {"kernel_with_another_image",
     [] {
       return with([](FakePack& pack) { pack.files["kernel/vmlinuz"] = "another"; },
                   fake_kernel_pack());
     },
     "'kernel/vmlinuz': not the file of which kernel.json speaks"},
    {"kernel_with_another_btf",
     [] {
       return with([](FakePack& pack) { pack.files["kernel/vmlinux.btf"] = "another"; },
                   fake_kernel_pack());
     },
     "'kernel/vmlinux.btf': not the file of which kernel.json speaks"},
    {"kernel_that_names_a_file_outside",
     [] { return kernel_json("\"vmlinuz\"", "\"/boot/vmlinuz\""); }, "not a path in the tree"},
    {"kernel_that_names_a_file_that_is_missing",
     [] { return kernel_json("\"config\": null", "\"config\": \"config\""); },
     "'kernel/config' is missing"},
    {"kernel_of_another_id", [] { return kernel_json("debian-6.1-x86_64", "debian-6.1-other"); },
     "that of its kernel.json 'debian-6.1-other'"},
    {"kernel_of_another_architecture", [] { return kernel_json("x86_64\",\n", "aarch64\",\n"); },
     ""},
};

class HostilePack : public testing::TestWithParam<Hostile> {};

TEST_P(HostilePack, is_refused_with_one_clear_error_and_nothing_is_written_outside) {
  PackBox box;
  const Result<OpenedPack> pack = box.open(GetParam().make());
  ASSERT_FALSE(pack);
  const Error& error = pack.error();
  EXPECT_THAT(error.message, HasSubstr("case.bpfrepro'"));
  EXPECT_THAT(error.message, HasSubstr(GetParam().problem));
  EXPECT_FALSE(error.hint.empty());
  box.expect_tidy();
}

INSTANTIATE_TEST_SUITE_P(OfAStranger, HostilePack, testing::ValuesIn(kHostile),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace bpfmatrix
