// For tests: what a kernel's BTF says to the question that a CO-RE relocation puts, found with
// libbpf's API by nothing but the record's words. Shares no code with elf/.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "outcome/relocation.h"

namespace bpfmatrix {

class KernelAnswers {
 public:
  /// A failed test if libbpf cannot read it.
  explicit KernelAnswers(const std::filesystem::path& btf);

  /// The number that belongs into the instruction; nothing where none would be true.
  std::optional<std::uint64_t> answer(const RelocationRecord& record) const;

 private:
  struct Free {
    void operator()(btf* types) const { btf__free(types); }
  };
  /// A field, and where it lies from the start of the outermost type.
  struct Field {
    std::uint32_t type = 0;
    std::uint32_t bit_offset = 0;
    std::uint32_t bitfield_bits = 0;
  };

  std::optional<std::uint32_t> find_type(const std::string& words) const;
  std::optional<Field> find_field(std::uint32_t type, const std::string& path) const;
  std::optional<Field> find_member(std::uint32_t type, const std::string& name) const;
  std::optional<std::uint64_t> find_enumerator(std::uint32_t type, const std::string& name) const;
  std::uint64_t of_field(const std::string& kind, const Field& field) const;
  const btf_type* resolve(std::uint32_t type) const;
  std::uint32_t size_of(std::uint32_t type) const;

  std::unique_ptr<btf, Free> types_;
};

}  // namespace bpfmatrix
