#include "run/cache/cell_times.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temp_dir.h"

namespace bpfmatrix {
namespace {

using std::chrono::milliseconds;

Cell cell(const std::string& name, BtfSource btf) {
  return {{"k", Arch::x86_64}, name, btf, "libbpf"};
}

TEST(CellTimes, are_there_in_the_next_run) {
  const Result<TempDir> dir = TempDir::create();
  const Store store(dir->path());
  CellTimes first(store);
  first.took("k/a/none/libbpf", milliseconds(1234));
  first.save();
  EXPECT_EQ(CellTimes(store).expected(cell("a", BtfSource::none)), milliseconds(1234));
}

TEST(CellTimes, an_unknown_cell_that_has_types_to_parse_is_expected_to_take_longer) {
  const Result<TempDir> dir = TempDir::create();
  const CellTimes times((Store(dir->path())));
  EXPECT_GT(times.expected(cell("a", BtfSource::kernel)),
            times.expected(cell("a", BtfSource::none)));
}

TEST(CellTimes, a_damaged_file_is_as_good_as_none) {
  const Result<TempDir> dir = TempDir::create();
  const Store store(dir->path());
  for (const char* text : {"", "[1]", "{\"k/a/none/libbpf\": \"x\"}", "{\"k/a/none/libbpf\""}) {
    ASSERT_TRUE(write_file(dir->path() / "cell-times.json", text));
    EXPECT_EQ(CellTimes(store).expected(cell("a", BtfSource::none)), milliseconds(300)) << text;
  }
}

}  // namespace
}  // namespace bpfmatrix
