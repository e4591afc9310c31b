// Any bytes as a BPF object: all that anything in elf/ reads of one.
#include "base/testing/fuzz_target.h"
#include "elf/inspect.h"
#include "elf/intake.h"
#include "elf/object.h"
#include "elf/observed_fields.h"
#include "elf/program_layout.h"
#include "elf/source_lines.h"

namespace bpfmatrix {
namespace {

constexpr const char* kName = "object.o";

void try_programs(const ObjectInfo& info, const ElfFile& elf) {
  const Result<SourceLines> lines = SourceLines::of(elf);
  for (const ObjectProgram& program : info.programs) {
    const auto linked = link_program(elf, program.name);
    require(!linked || linked->front().at == 0, "the entry function comes first");
    if (lines) (void)lines->find(program.name, 1);
  }
}

void try_object(std::string_view bytes) {
  const Result<ObjectInfo> info = read_object_bytes(std::string(bytes), kName);
  (void)observed_fields(std::string(bytes));
  if (!info) return require(!info.error().message.empty(), "a refusal says why");
  require(!why_not_loadable(bytes, kName), "what was read passed the door");
  require_printable(inspect_text(*info, kName));
  require_printable(json_text(inspect_json(*info, kName), 1));
  const Result<ElfFile> elf = ElfFile::parse(std::string(bytes));
  require(elf.has_value(), "an object is an ELF file");
  try_programs(*info, *elf);
}

const FuzzTarget target("object", try_object);

}  // namespace
}  // namespace bpfmatrix
