#include "cell/loader_evidence.h"

#include <gtest/gtest.h>

#include "cell/loader_record.h"

namespace bpfmatrix {
namespace {

constexpr const char* kProgram = R"({"event":"program","name":"p","section":"xdp","type":"xdp"})";

/// The record after these lines; a failed test if one is refused.
LoaderRecord record_of(const std::vector<const char*>& lines) {
  LoaderReader reader;
  EXPECT_TRUE(reader.add(kProgram));
  for (const char* line : lines) {
    const Result<> added = reader.add(line);
    EXPECT_TRUE(added) << added.error().message;
  }
  return reader.take();
}

TEST(LoaderEvidence, instructions_come_in_pieces_and_in_the_order_of_memory) {
  const LoaderRecord record = record_of(
      {R"({"event":"insns","program":"p","first":0,"hex":"0102030405060708ffffffffffffffff",
           "functions":[{"insn":0,"type":7},{"insn":2,"type":12}]})",
       R"({"event":"insns","program":"p","first":2,"hex":"9500000000000000"})"});
  const SentProgram& sent = record.programs.at(0).sent;
  EXPECT_EQ(sent.insns, (std::vector<std::uint64_t>{0x0807060504030201, UINT64_MAX, 0x95}));
  ASSERT_EQ(sent.functions.size(), 2U);
  EXPECT_EQ(sent.functions[1].insn, 2U);
  EXPECT_EQ(sent.functions[1].type, 12U);
}

TEST(LoaderEvidence, a_relocation_keeps_all_bits_of_its_numbers) {
  const LoaderRecord record = record_of(
      {R"({"event":"relocation","function":"f","index":3,"insn":9,"result":"resolved","edits":[
           {"field":"imm64","before":18446744073709551615,"after":-2}]})"});
  ASSERT_EQ(record.relocations.size(), 1U);
  const SaidRelocation& said = record.relocations[0];
  EXPECT_EQ(said.function, "f");
  EXPECT_EQ(said.index, 3U);
  EXPECT_EQ(said.insn, 9U);
  EXPECT_EQ(said.result, RelocationResult::resolved);
  EXPECT_EQ(said.edits, (std::vector<SaidEdit>{{"imm64", UINT64_MAX, UINT64_MAX - 1}}));
}

constexpr const char* kBad[] = {
    R"({"event":"insns","program":"q","first":0,"hex":""})",
    R"({"event":"insns","program":"p","first":1,"hex":"0102030405060708"})",
    R"({"event":"insns","program":"p","first":0,"hex":"01020304050607"})",
    R"({"event":"insns","program":"p","first":0,"hex":"010203040506070x"})",
    R"({"event":"insns","program":"p","first":0,"hex":"-102030405060708"})",
    R"({"event":"insns","program":"p","first":0,"hex":"","functions":[{"insn":-1,"type":1}]})",
    R"({"event":"insns","program":"p","first":0,"hex":"","functions":[{"insn":0}]})",
    R"({"event":"insns","program":"p","first":0,"hex":"","functions":[{"insn":0,"type":1,"x":1}]})",
    R"({"event":"relocation","function":"f","index":-1,"insn":0,"result":"resolved"})",
    R"({"event":"relocation","function":"f","index":0,"insn":0,"result":"applied"})",
    R"({"event":"relocation","function":"f","index":0,"insn":0,"result":"resolved",
        "edits":[{"field":"imm","before":1.5,"after":2}]})",
    R"({"event":"relocation","function":"f","index":0,"insn":0,"result":"resolved",
        "edits":[{"field":"imm","before":1}]})",
};

TEST(LoaderEvidence, what_the_contract_does_not_allow_is_refused) {
  for (const char* line : kBad) {
    LoaderReader reader;
    ASSERT_TRUE(reader.add(kProgram));
    EXPECT_FALSE(reader.add(line)) << line;
  }
}

}  // namespace
}  // namespace bpfmatrix
