// What libbpf did about each CO-RE relocation, read from its debug lines (libbpf 0.8+; the library
// is linked in, so its wording is known).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bpfmatrix::guest {

/// "imm 4 -> 2336"
struct RelocationEdit {
  std::string field{};
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

struct LoggedRelocation {
  /// The program or subprogram, and libbpf's number for it there.
  std::string function{};
  std::uint32_t index = 0;
  /// Of the function; of the first slot, if there are two.
  std::uint32_t insn = 0;
  bool poisoned = false;
  bool failed = false;
  /// Of a load that moves another number of bytes there are two.
  std::vector<RelocationEdit> edits{};

  /// In the words of the loader contract.
  std::string_view result() const;
  /// What another line says of the same relocation.
  void add(const LoggedRelocation& more);
};

class RelocationLog {
 public:
  /// Any line that libbpf prints. What it says again of a relocation counts for nothing: an object
  /// is loaded again when one of its programs cannot be.
  void see(std::string_view line);
  /// A relocation that leaves the instruction as it is counts as applied.
  std::size_t applied() const;
  std::size_t poisoned() const;
  /// By function and number.
  std::vector<LoggedRelocation> relocations() const;

 private:
  using Key = std::pair<std::string, std::uint32_t>;
  std::map<Key, LoggedRelocation> relocations_{};
};

}  // namespace bpfmatrix::guest
