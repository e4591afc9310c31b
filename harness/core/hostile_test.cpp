// Damaged objects and damaged kernels. As in hostile_object_test.cpp, the assertions are the
// sanitizers' and the test's time limit.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "core/relocation.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

/// One to six words, replaced by words from nearby, small numbers, or one bit of their own: what
/// gets past the parser.
void damage(std::string& bytes, std::mt19937& random) {
  const std::size_t words = bytes.size() / 4;
  const auto word = [&](std::size_t index) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + index * 4, sizeof value);
    return value;
  };
  const std::size_t count = 1 + random() % 6;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = random() % words;
    const std::uint32_t choices[] = {word(random() % words),
                                     static_cast<std::uint32_t>(random() % 64),
                                     word(at) ^ (1U << random() % 32), 0xFFFFFFFF};
    const std::uint32_t value = choices[random() % 4];
    std::memcpy(bytes.data() + at * 4, &value, sizeof value);
  }
}

bool sound(const CoreResult& result) {
  const bool carried_out =
      result.outcome != CoreOutcome::failed && result.outcome != CoreOutcome::skipped;
  return carried_out ? result.after.size() == result.before.size() && !result.before.empty()
                     : result.after.empty() && !result.reason.empty();
}

// Four times 1,500 objects, 20,000 damaged words: a few seconds each on a busy machine.
class HostileCore : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, HostileCore, testing::Values(1, 2, 3, 4));

TEST_P(HostileCore, damaged_types_and_relocations_are_carried_out_or_refused) {
  BpfCompiler compiler;
  const ElfFile elf = *ElfFile::parse(bytes_of(compiler.object("core_local")));
  const ElfFile kernel = *ElfFile::parse(bytes_of(compiler.object("core_target")));
  const std::string whole[] = {std::string(elf.section(".BTF")->bytes),
                               std::string(elf.section(".BTF.ext")->bytes),
                               std::string(kernel.section(".BTF")->bytes)};
  std::mt19937 random(GetParam());
  int relocated = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bytes[] = {whole[0], whole[1], whole[2]};
    damage(bytes[random() % 3], random);
    const Result<Btf> local = Btf::parse(bytes[0]);
    const Result<Btf> target = Btf::parse(bytes[2]);
    if (!local || !target) continue;
    const Result<BtfExt> ext = parse_btf_ext(bytes[1], *local);
    if (!ext) continue;
    const Result<std::vector<CoreResult>> results = relocate(elf, *local, *ext, {&*target});
    ASSERT_TRUE(results) << "round " << round;
    for (const CoreResult& result : *results) ASSERT_TRUE(sound(result)) << "round " << round;
    ++relocated;
  }
  EXPECT_GT(relocated, 500);
}

}  // namespace
}  // namespace bpfmatrix
