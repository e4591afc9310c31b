// bpf(2) as a probe needs it: what the kernel answered, its errno and its words, and nothing left
// behind once the answer is gone.
#pragma once

#include <linux/bpf.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace bpfmatrix::guest {

/// ENOTSUPP, which is the kernel's own: no header of user space has it (include/linux/errno.h).
inline constexpr int kNotSupported = 524;

/// What a kernel said of one thing. `unknown` is not `no`: an errno that has other reasons too, or
/// something that the question itself needs and this kernel lacks.
enum class Answer { no, yes, unknown };

struct Probed {
  Answer answer = Answer::unknown;
  /// The errno that decided; 0 where the kernel agreed or was not asked.
  int error = 0;
};

/// A descriptor, or the errno instead of it; for programs the verifier's words.
struct Attempt {
  Fd fd{};
  int error = 0;
  std::string log{};

  bool accepted() const { return fd.valid(); }
  /// The verifier, or a check that speaks in its name, was reached.
  bool spoke() const { return accepted() || !log.empty(); }
  bool says(std::string_view words) const { return log.find(words) != std::string::npos; }
};

struct ProgramSpec {
  std::uint32_t type = BPF_PROG_TYPE_SOCKET_FILTER;
  std::uint32_t expected_attach = 0;
  std::uint32_t attach_btf_id = 0;
  std::uint32_t flags = 0;
  /// The verifier's words are wanted; those about a long program would not fit.
  bool log = true;
};

struct MapSpec {
  std::uint32_t type = BPF_MAP_TYPE_ARRAY;
  std::uint32_t key_size = 4;
  std::uint32_t value_size = 4;
  std::uint32_t max_entries = 1;
  std::uint32_t flags = 0;
  int inner_map = -1;
  int btf = -1;
  std::uint32_t vmlinux_value_type = 0;
};

/// bpf_insn, with defaults.
struct Insn {
  std::uint8_t code = 0;
  std::uint8_t dst = 0;
  std::uint8_t src = 0;
  std::int16_t off = 0;
  std::int32_t imm = 0;
};

Attempt load_program(const ProgramSpec& spec, std::span<const Insn> insns);
Attempt create_map(const MapSpec& spec);
Attempt load_btf(std::span<const std::uint32_t> types);
/// Any other command; `attr` is handed over whole.
Attempt call_bpf(int command, bpf_attr& attr);

/// `return 0;`
std::array<Insn, 2> return_zero();

/// A type number that no kernel has: what is said of it is what is said of the unknown.
inline constexpr std::uint32_t kNoSuchNumber = 9999;

/// Yes where it was accepted; no where the errno is one that only the unknown gets here.
Probed answer_of(const Attempt& attempt, std::initializer_list<int> no);

}  // namespace bpfmatrix::guest
