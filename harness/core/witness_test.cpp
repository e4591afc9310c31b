// libbpf itself as the witness of what is calculated here, in two ways that need no kernel: bpftool
// makes the same search and logs it, and loaders on real kernels have left their logs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <sstream>

#include "core/match.h"
#include "core/relocation.h"
#include "elf/little_endian.h"
#include "elf/testing/bpf_compiler.h"

namespace bpfmatrix {
namespace {

constexpr std::string_view kFromLibbpf = "libbpf: prog '";

Btf witnessed_btf(const std::filesystem::path& object) {
  const ElfFile elf = *ElfFile::parse(bytes_of(object));
  return *Btf::parse(std::string(elf.section(".BTF")->bytes));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// ---- bpftool gen min_core_btf ----

std::string field_in_libbpf_words(const CoreSpec& spec) {
  std::string line;
  for (std::size_t i = 0; i < spec.accessors.size(); ++i) {
    const CoreAccessor& step = spec.accessors[i];
    if (!step.name.empty())
      line += fmt::format(".{}", step.name);
    else if (i > 0 || step.index > 0)
      line += fmt::format("[{}]", step.index);
  }
  line += fmt::format(" ({} @ offset {}", fmt::join(spec.path, ":"), spec.bit_offset / 8);
  if (spec.bit_offset % 8 != 0) line += fmt::format(".{}", spec.bit_offset % 8);
  return line + ")";
}

/// "<byte_off> [7] struct task_struct.mm (0:53 @ offset 2272)".
std::string in_libbpf_words(const CoreSpec& spec) {
  const BtfType root = *spec.btf->type(spec.root);
  const std::string line =
      fmt::format("<{}> [{}] {} {}", to_string(spec.kind), spec.root, to_string(root.kind),
                  root.name.empty() ? "<anon>" : root.name);
  switch (subject_of(spec.kind)) {
    case CoreSubject::type:
      return line;
    case CoreSubject::enum_value: {
      const BtfEnumerator value =
          spec.btf->enumerators(*spec.btf->resolve(spec.root)).at(spec.path[0]);
      return fmt::format("{}::{} = {}", line, value.name,
                         value.is_signed ? std::to_string(static_cast<std::int64_t>(value.value))
                                         : std::to_string(value.value));
    }
    case CoreSubject::field:
      return line + field_in_libbpf_words(spec);
  }
  return line;
}

/// Writes down what libbpf logs while it searches.
class Search {
 public:
  Search(const Btf& local, const Btf& target) : local_(local), target_(target) {}

  void relocation(const CoreRelocation& relocation) {
    const CoreSpec spec = *parse_core_spec(local_, relocation);
    const std::string prefix = fmt::format("{}{}': relo #{}: ", kFromLibbpf, relocation.section,
                                           indices_[relocation.section]++);
    lines.push_back(prefix + in_libbpf_words(spec));
    if (relocation.kind != CoreRelocationKind::local_type_id) candidates(spec, prefix);
  }

  std::vector<std::string> lines{};

 private:
  void candidates(const CoreSpec& spec, const std::string& prefix) {
    if (!known_.contains(spec.root)) {
      known_[spec.root] = *core_candidates(local_, spec.root, target_, budget_);
    }
    std::vector<BtfId> matching;
    int number = 0;
    for (const BtfId id : known_[spec.root]) {
      const Result<CoreMatch> match = match_core_spec(spec, target_, id, budget_);
      const auto* found = std::get_if<CoreSpec>(&*match);
      if (found != nullptr) matching.push_back(id);
      // How far a candidate got that does not match is not compared.
      lines.push_back(found == nullptr ? fmt::format("{}non-matching candidate #{}", prefix, number)
                                       : fmt::format("{}matching candidate #{} {}", prefix, number,
                                                     in_libbpf_words(*found)));
      ++number;
    }
    if (matching.empty())
      lines.push_back(prefix + "no matching targets found");
    else
      known_[spec.root] = matching;
  }

  const Btf& local_;
  const Btf& target_;
  CoreBudget budget_{1'000'000};
  std::map<std::string_view, int> indices_{};
  std::map<BtfId, std::vector<BtfId>> known_{};
};

std::vector<std::string> search_lines(const std::string& log) {
  std::vector<std::string> lines;
  for (std::string line : lines_of(log)) {
    if (!line.starts_with(kFromLibbpf)) continue;
    const std::size_t open = line.find("non-matching candidate #");
    if (open != std::string::npos) line.resize(line.find(" <", open));
    lines.push_back(line);
  }
  return lines;
}

/// clang 14 writes no type_matches, so every type_exists of this object becomes one.
std::string with_type_matches(std::string object) {
  const ElfFile elf = *ElfFile::parse(object);
  const std::string_view ext = elf.section(".BTF.ext")->bytes;
  const std::size_t start = object.find(ext);
  // Header size, then where the relocations start, and their size, are its words 1, 6 and 7.
  const std::uint32_t first = *read_at<std::uint32_t>(ext, 4) + *read_at<std::uint32_t>(ext, 24);
  const std::uint32_t end = first + *read_at<std::uint32_t>(ext, 28);
  for (std::uint32_t at = first + 4; at < end;) {
    const std::uint32_t count = *read_at<std::uint32_t>(ext, at + 4);
    at += 8;
    for (std::uint32_t i = 0; i < count; ++i, at += 16) {
      char& kind = object[start + at + 12];
      if (kind == static_cast<char>(CoreRelocationKind::type_exists)) {
        kind = static_cast<char>(CoreRelocationKind::type_matches);
      }
    }
  }
  return object;
}

class CoreWitness : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(TypeMatches, CoreWitness, testing::Bool());

TEST_P(CoreWitness, libbpf_makes_the_same_search) {
  BpfCompiler compiler;
  std::string bytes = bytes_of(compiler.object("core_local", {"-g", "-DWITHOUT_FAILURES"}));
  if (GetParam()) bytes = with_type_matches(std::move(bytes));
  const auto path = compiler.write("object.o", bytes);
  const ElfFile kernel = *ElfFile::parse(bytes_of(compiler.object("core_target")));
  const auto types = compiler.write("target.btf", kernel.section(".BTF")->bytes);
  const std::string log =
      compiler.run({"sh", "-c", "exec bpftool -d gen min_core_btf \"$1\" \"$1.min\" \"$2\" 2>&1",
                    "sh", types.string(), path.string()});

  const ElfFile elf = *ElfFile::parse(bytes);
  const Btf local = *Btf::parse(std::string(elf.section(".BTF")->bytes));
  const Btf target = *Btf::parse(std::string(kernel.section(".BTF")->bytes));
  const BtfExt ext = *parse_btf_ext(elf.section(".BTF.ext")->bytes, local);
  Search search(local, target);
  for (const CoreRelocation& relocation : ext.relocations) search.relocation(relocation);
  EXPECT_GT(search.lines.size(), 90U);
  EXPECT_EQ(fmt::format("{}", fmt::join(search_lines(log), "\n")),
            fmt::format("{}", fmt::join(search.lines, "\n")));
}

// ---- logs of loaders on real kernels ----

struct Kernel {
  std::string release{};
  /// A stand-in: what the log says of that kernel's types.
  std::vector<std::string> types{};
};
const Kernel kKernels[] = {
    {"5.10.0-46-cloud-amd64",
     {"-DFILE_BYTES=256", "-DSTATE=state", "-DSTATE_AT=16", "-DTGID_AT=2236", "-DPARENT_AT=2248"}},
    {"6.1.0-50-cloud-amd64",
     {"-DFILE_BYTES=232", "-DSTATE=__state", "-DSTATE_AT=24", "-DTGID_AT=2420",
      "-DPARENT_AT=2432"}},
    {"7.2.12+deb13-cloud-arm64",
     {"-DFILE_BYTES=176", "-DSTATE=__state", "-DSTATE_AT=32", "-DTGID_AT=1820",
      "-DPARENT_AT=1832"}},
};

/// "patched insn #4 (ALU/ALU64) imm 8 -> 2432" and its like, by program.
using Deeds = std::map<std::string, std::vector<std::string>>;

Deeds deeds_on(const std::string& release) {
  Deeds deeds;
  std::string kernel;
  std::string program;
  for (const std::string& line : lines_of(bytes_of(testdata("core_kernels.log")))) {
    const std::size_t name = std::string_view("@@BEGIN ").size();
    if (line.starts_with("@@KERNEL")) kernel = line.substr(line.rfind(' ') + 1);
    if (line.starts_with("@@BEGIN")) program = line.substr(name, line.find('.') - name);
    if (kernel != release || line.find(" insn #") == std::string::npos) continue;
    deeds[program].push_back(line.substr(line.find("relo #")));
  }
  return deeds;
}

std::string deed(const CoreResult& result) {
  if (result.outcome == CoreOutcome::poisoned) {
    return fmt::format("relo #{}: substituting insn #{} w/ invalid insn", result.index,
                       result.instruction);
  }
  const CoreEdit edit = result.edits.at(0);
  return fmt::format("relo #{}: patched insn #{} ({}) {} {} -> {}", result.index,
                     result.instruction, edit.field == CoreField::imm64 ? "LDIMM64" : "ALU/ALU64",
                     to_string(edit.field), edit.before, edit.after);
}

class CoreOnKernels : public testing::TestWithParam<Kernel> {};
INSTANTIATE_TEST_SUITE_P(Logs, CoreOnKernels, testing::ValuesIn(kKernels));

TEST_P(CoreOnKernels, does_what_the_loader_did) {
  BpfCompiler compiler;
  std::vector<std::string> flags = GetParam().types;
  flags.emplace_back("-g");
  const Btf target = witnessed_btf(compiler.object("core_kernels", flags));
  const Deeds deeds = deeds_on(GetParam().release);
  EXPECT_EQ(deeds.size(), 6U);
  for (const auto& [program, expected] : deeds) {
    const ElfFile elf =
        *ElfFile::parse(bytes_of(compiler.object("core_kernels", {"-g", "-DPROGRAM=" + program})));
    const Btf local = *Btf::parse(std::string(elf.section(".BTF")->bytes));
    const BtfExt ext = *parse_btf_ext(elf.section(".BTF.ext")->bytes, local);
    std::vector<std::string> done;
    const Result<std::vector<CoreResult>> results = relocate(elf, local, ext, {&target});
    for (const CoreResult& result : *results) done.push_back(deed(result));
    EXPECT_EQ(done, expected) << program;
  }
}

}  // namespace
}  // namespace bpfmatrix
