#include "kernels/kernel_record.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/golden_test_support.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

namespace fs = std::filesystem;

class KernelRecord : public ::testing::Test {
 protected:
  /// With everything in it that may be there.
  Kernel full() const {
    const std::string hash(64, 'a');
    return {.id = "k-6.1",
            .release = "6.1.0",
            .arch = Arch::aarch64,
            .image = folder() / "boot/vmlinuz",
            .image_sha256 = hash,
            .config = folder() / "boot/config",
            .modules = folder() / "lib/modules/6.1.0",
            .btf = KernelBtf{folder() / "btf", 12, hash},
            .detached_btf = KernelBtf{folder() / "made", 13, hash},
            .origin = {"deb", "linux-image", "6.1-1", hash, "ABCD", {"one", "two"}}};
  }

  fs::path folder() const { return dir_->path(); }
  fs::path file() const { return folder() / kKernelRecordName; }

  /// What reading says when `key` is `value`.
  std::string error_with(const char* pointer, const Json& value) const {
    EXPECT_TRUE(write_kernel_record(full(), folder()));
    Json json = Json::parse(*read_file(file(), 1 << 20));
    json[Json::json_pointer(pointer)] = value;
    EXPECT_TRUE(write_file(file(), json.dump()));
    const Result<Kernel> kernel = read_kernel_record(folder());
    return kernel ? "" : kernel.error().message;
  }

  Result<TempDir> dir_ = TempDir::create();
};

TEST_F(KernelRecord, comes_back_as_it_was) {
  for (const bool made : {true, false}) {
    Kernel kernel = full();
    if (!made) kernel.detached_btf.reset();
    ASSERT_TRUE(write_kernel_record(kernel, folder()));
    const Result<Kernel> read = read_kernel_record(folder());
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->id, kernel.id);
    EXPECT_EQ(read->arch, kernel.arch);
    EXPECT_EQ(read->image, kernel.image);
    EXPECT_EQ(read->config, kernel.config);
    EXPECT_EQ(read->system_map, std::nullopt);
    EXPECT_EQ(read->modules, kernel.modules);
    EXPECT_EQ(read->btf->file, kernel.btf->file);
    EXPECT_EQ(read->detached_btf.has_value(), made);
    EXPECT_EQ(read->origin.chain, kernel.origin.chain);
  }
}

TEST_F(KernelRecord, what_is_wrong_is_named_with_its_place) {
  const std::string where = "'" + file().string();
  EXPECT_EQ(error_with("/image", "../vmlinuz"), where + "': key 'image': not a path in the tree");
  EXPECT_EQ(error_with("/config", "/etc/passwd"),
            where + "': key 'config': not a path in the tree");
  EXPECT_EQ(
      error_with("/btf/bytes", -1),
      where + ": btf': key 'bytes': wanted an integer from 0 to 18446744073709551615, got -1");
  EXPECT_EQ(error_with("/origin/sha256", "12"), where + ": origin': key 'sha256': not a sha256");
  EXPECT_EQ(error_with("/arch", "mips"), where + "': key 'arch': unknown word 'mips'");
  EXPECT_EQ(error_with("/schema", 2), where + "': key 'schema': wanted 1, got 2");
  EXPECT_EQ(error_with("/more", 1), where + "': unknown key 'more'");
}

TEST_F(KernelRecord, the_schema_is_made_from_the_list_of_fields) {
  expect_golden(BPFMATRIX_SOURCE_DIR "/harness/kernels/kernel.schema.json",
                kernel_record_schema().dump(1) + "\n");
}

}  // namespace
}  // namespace bpfmatrix
