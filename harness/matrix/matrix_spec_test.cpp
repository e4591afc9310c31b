#include "matrix/matrix_spec.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

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
  EXPECT_EQ(spec.error().hint, "known keys: btf, cases, kernels, loaders, objects, schema");
}

}  // namespace
}  // namespace bpfmatrix
