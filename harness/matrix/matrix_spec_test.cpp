#include "matrix/matrix_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"
#include "matrix/run_spec.h"

namespace bpfmatrix {
namespace {

using ::testing::HasSubstr;

class MatrixFile : public ::testing::Test {
 protected:
  Result<MatrixSpec> read(const std::string& json) {
    EXPECT_TRUE(write_file(dir_->path() / "m.json", json));
    return read_matrix(dir_->path() / "m.json");
  }
  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(MatrixFile, kernels_alone_are_enough) {
  const auto spec = read(R"({"schema":1,"kernels":["debian-6.1-*"]})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->cases, std::vector<std::string>{"*"});
  EXPECT_FALSE(spec->btf);
  EXPECT_FALSE(spec->loaders);
}

TEST_F(MatrixFile, every_axis_can_be_named) {
  const auto spec = read(
      R"({"schema":1,"kernels":["*"],"cases":["verifier/*"],"btf":["none"],"loaders":["libbpf"]})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->btf, std::vector{BtfSource::none});
}

TEST_F(MatrixFile, objects_are_named_from_its_folder) {
  const auto spec =
      read(R"({"schema":1,"kernels":["*"],"objects":["build/a.bpf.o","../b.bpf.o","/c.bpf.o"]})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->objects, (std::vector<std::string>{
                               (dir_->path() / "build/a.bpf.o").string(),
                               (dir_->path().parent_path() / "b.bpf.o").string(), "/c.bpf.o"}));
}

TEST_F(MatrixFile, is_of_objects_or_of_cases) {
  const auto spec = read(R"({"schema":1,"kernels":["*"],"cases":["*"],"objects":["a.bpf.o"]})");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().message,
            "'" + (dir_->path() / "m.json").string() + "': key 'objects': stands beside 'cases'");
}

TEST_F(MatrixFile, keys_that_begin_with_two_slashes_are_comments) {
  const auto spec = read(R"({"//":["any",1],"schema":1,"// which":"text","kernels":["k"]})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->kernels, std::vector<std::string>{"k"});
  EXPECT_FALSE(read(R"({"/":"no","schema":1,"kernels":["k"]})"));
}

TEST_F(MatrixFile, an_unknown_key_names_file_and_key) {
  const auto spec = read(R"({"schema":1,"kernels":["*"],"kernel":"x"})");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().message,
            "'" + (dir_->path() / "m.json").string() + "': unknown key 'kernel'");
  EXPECT_EQ(spec.error().hint,
            "known keys: apps, arch, attach, autoload, baseline, btf, btf_files, cases, cflags, "
            "expect, files, "
            "globals, kernels, loaders, maps, modules, objects, one_of, privileges, schema, strip, "
            "sysctl, "
            "together, trigger, truth");
}

TEST_F(MatrixFile, a_project_names_roots_btf_files_and_what_shares_the_kernel) {
  const auto spec = read(R"({"schema":1,"kernels":["*"],
    "objects":[{"object":"b.bpf.o","together":["a.bpf.o"],"btf_files":{"old-*":"btf/old.btf"}}],
    "apps":[{"app":"tool -v","root":"deb:bookworm/tool"},{"app":"/bin/agent","root":"rootfs"}]})");
  ASSERT_TRUE(spec) << spec.error().message;
  const std::string here = dir_->path().string();
  const Result<std::vector<CaseSpec>> cases =
      own_cases({.matrix = *spec, .objects = spec->objects});
  ASSERT_TRUE(cases) << cases.error().message;
  const CaseSpec& object = cases->front();
  EXPECT_EQ(object.together, std::vector<std::filesystem::path>{here + "/a.bpf.o"});
  ASSERT_EQ(object.btf_files.size(), 1U);
  EXPECT_EQ(object.btf_files[0].kernels, "old-*");
  EXPECT_EQ(object.btf_files[0].path, here + "/btf/old.btf");
  EXPECT_EQ(object.btf, std::vector{BtfSource::embedded}) << "what is handed over is meant";
  EXPECT_EQ(spec->apps[0].own_object->root, "deb:bookworm/tool");
  EXPECT_EQ(spec->apps[0].path, "tool");
  EXPECT_EQ(spec->apps[1].own_object->root, here + "/rootfs");
  EXPECT_EQ(spec->apps[1].path, "/bin/agent");
  EXPECT_FALSE(read(R"({"schema":1,"kernels":["*"],
    "objects":[{"object":"b.bpf.o","together":["../a.bpf.o"]}]})"));
}

TEST_F(MatrixFile, a_project_says_of_each_object_what_its_user_space_sets) {
  for (const char* name : {"a.bpf.o", "b.bpf.o", "c.txt"})
    ASSERT_TRUE(write_file(dir_->path() / name, ""));
  const auto spec = read(R"({"schema":1,"kernels":["*"],
    "objects":["[ab].bpf.o",{"object":"net.bpf.c","cflags":["-DX"],"modules":["veth"]}],
    "apps":["./tool -v",{"app":"./agent","files":["a.conf:/etc/a.conf"],"environment":{"X":"1"},
            "output":"up","one_of":[["p","q"]]}],
    "maps":{"m":{"max_entries":"cpus"}}, "baseline":"ci/baseline.txt"})");
  ASSERT_TRUE(spec) << spec.error().message;
  const std::string here = dir_->path().string();
  EXPECT_EQ(spec->objects,
            (std::vector{here + "/a.bpf.o", here + "/b.bpf.o", here + "/net.bpf.c"}));
  EXPECT_EQ(spec->baseline, here + "/ci/baseline.txt");
  const Result<std::vector<CaseSpec>> cases =
      own_cases({.matrix = *spec, .objects = spec->objects});
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 5U);
  for (const CaseSpec& one : *cases) EXPECT_TRUE(one.user.maps.contains("m")) << one.id;
  const CaseSpec& source = (*cases)[2];
  EXPECT_EQ(std::get<SourceObject>(source.object).file, here + "/net.bpf.c");
  EXPECT_EQ(source.cflags, std::vector<std::string>{"-DX"});
  EXPECT_EQ(source.user.modules, std::vector<std::string>{"veth"});
  EXPECT_FALSE(source.expect.empty()) << "what is expected of any object";
  EXPECT_EQ((*cases)[4].user.files.at(0).guest_path, "/etc/a.conf");
  EXPECT_EQ((*cases)[4].user.one_of, (std::vector<OneOf>{{"p", "q"}}));
}

TEST_F(MatrixFile, a_glob_finds_files_in_folders_and_no_more_than_there_is_time_for) {
  for (const char* name : {"out/a/x.bpf.o", "out/b/y.bpf.o", "out/.c/z.bpf.o"}) {
    std::filesystem::create_directories((dir_->path() / name).parent_path());
    ASSERT_TRUE(write_file(dir_->path() / name, ""));
  }
  std::filesystem::create_directories(dir_->path() / "out/a/folder.bpf.o");
  const auto spec = read(R"({"schema":1,"kernels":["*"],"objects":["out/*/?.bpf.o"]})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->objects, (std::vector{(dir_->path() / "out/a/x.bpf.o").string(),
                                        (dir_->path() / "out/b/y.bpf.o").string()}));
  const auto endless =
      read(R"({"schema":1,"kernels":["*"],"objects":["/*/*/*/*/*/*/*/nothing*"]})");
  EXPECT_FALSE(endless);
}

TEST_F(MatrixFile, a_file_with_an_entry_of_its_own_is_none_of_a_globs) {
  for (const char* name : {"a.bpf.o", "b.bpf.o"}) ASSERT_TRUE(write_file(dir_->path() / name, ""));
  const auto spec = read(R"({"schema":1,"kernels":["*"],
      "objects":["*.bpf.o", {"object": "b.bpf.o", "autoload": {"x": false}}]})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->objects, (std::vector{(dir_->path() / "a.bpf.o").string(),
                                        (dir_->path() / "b.bpf.o").string()}));
  EXPECT_FALSE(
      read(R"({"schema":1,"kernels":["*"],"objects":["b.bpf.o","b.bpf.o"]})")->objects.size() == 1)
      << "who names one twice is told so later";
}

TEST_F(MatrixFile, a_mistake_in_a_project_is_found_before_anything_runs) {
  const auto error = [&](const std::string& rest) {
    const auto spec = read(R"({"schema":1,"kernels":["*"],)" + rest + "}");
    EXPECT_FALSE(spec) << rest;
    return spec ? "" : spec.error().message;
  };
  EXPECT_THAT(error(R"("objects":["build/*.bpf.o"])"),
              HasSubstr("'build/*.bpf.o' matches no file"));
  EXPECT_THAT(error(R"("objects":[{"object":"a.o","mapps":{}}])"), HasSubstr("'mapps'"));
  EXPECT_THAT(error(R"("objects":[{"object":"a.o","maps":{"m":{"max_entries":"x"}}}])"),
              HasSubstr("'x' is no size"));
  EXPECT_THAT(error(R"("objects":["a.o"],"one_of":[["a"]])"), HasSubstr("two programs or more"));
  EXPECT_THAT(error(R"("apps":[""])"), HasSubstr("no program"));
  EXPECT_THAT(error(R"("apps":[{"app":"./a","files":["x:y"]}])"), HasSubstr("x:y"));
  EXPECT_THAT(error(R"("objects":["a.o"],"cases":["*"])"), HasSubstr("stands beside 'cases'"));
}

}  // namespace
}  // namespace bpfmatrix
