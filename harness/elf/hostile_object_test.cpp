// Damaged objects. The assertions are the sanitizers' and the test's time limit: whatever the
// bytes, nothing is read out of bounds, and everything ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "elf/elf_file.h"
#include "elf/inspect.h"
#include "elf/object.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

/// All that anything here reads of a file.
bool survives(const std::string& bytes) {
  const Result<ObjectInfo> info = read_object_bytes(bytes, "x.o");
  if (!info) return !info.error().message.empty();
  return !inspect_text(*info, "x.o").empty() && !inspect_json(*info, "x.o").empty();
}

/// Between one and four bytes, preferably where numbers that steer the reader stand.
void damage(std::string& bytes, std::mt19937& random) {
  const std::size_t count = 1 + random() % 4;
  for (std::size_t i = 0; i < count; ++i) {
    static constexpr unsigned char kEdges[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(random() % 2 == 0 ? random() % 256 : kEdges[random() % 5]);
  }
}

// Four times 5,000, so that no single test comes near its time limit on a busy machine.
class HostileObject : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, HostileObject, testing::Values(1, 2, 3, 4));

TEST_P(HostileObject, damaged_is_read_or_refused) {
  BpfCompiler compiler;
  // Without DWARF, so that the damage meets what is read.
  const std::filesystem::path path = compiler.object("everything");
  compiler.run({"llvm-strip", "-g", path.string()});
  const std::string whole = bytes_of(path);
  std::mt19937 random(GetParam());
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = whole;
    if (round % 8 == 0) bytes.resize(random() % bytes.size());
    if (!bytes.empty()) damage(bytes, random);
    ASSERT_TRUE(survives(bytes)) << "round " << round;
  }
}

TEST_P(HostileObject, with_damaged_types_is_read_or_refused) {
  BpfCompiler compiler;
  const Result<ElfFile> elf = ElfFile::parse(bytes_of(compiler.object("everything")));
  const std::string types(elf->section(".BTF")->bytes);
  const std::string ext(elf->section(".BTF.ext")->bytes);
  std::mt19937 random(GetParam());
  for (int round = 0; round < 5000; ++round) {
    std::string bad_types = types;
    std::string bad_ext = ext;
    damage(round % 2 == 0 ? bad_types : bad_ext, random);
    const Result<Btf> btf = Btf::parse(bad_types);
    if (!btf) continue;
    for (BtfId id = 0; id < btf->type_count(); ++id) {
      const BtfType type = *btf->type(id);
      (void)btf->size_of(id);
      (void)btf->members(type);
      (void)btf->enumerators(type);
      (void)btf->parameters(type);
      (void)btf->section_variables(type);
      (void)btf->find_flavours(type.name);
    }
    if (const Result<BtfExt> view = parse_btf_ext(bad_ext, *btf)) (void)view->line_of("xdp", 1);
  }
}

}  // namespace
}  // namespace bpfmatrix
