#include "elf/vmlinux_h.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/file.h"
#include "elf/btf.h"

namespace bpfmatrix {

namespace {

constexpr std::uint64_t kMaxBtfBytes = 64 << 20;
/// Kernels have some 3 MB. Types are bounded when they are read, but 27 KB of them can still be 160
/// MB of text.
constexpr std::size_t kMaxHeaderBytes = 32 << 20;

constexpr std::string_view kPrologue = R"(#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

)";
constexpr std::string_view kEpilogue = R"(#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
)";

/// Beyond the limit nothing is written any more: libbpf cannot be stopped.
void append_formatted(void* context, const char* format, va_list arguments) {
  auto& text = *static_cast<std::string*>(context);
  if (text.size() > kMaxHeaderBytes) return;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  if (length > 0) {
    const std::size_t before = text.size();
    text.resize(before + static_cast<std::size_t>(length) + 1);
    std::vsnprintf(text.data() + before, static_cast<std::size_t>(length) + 1, format, again);
    text.pop_back();
  }
  va_end(again);
}

Error libbpf_error(const std::filesystem::path& path, int error) {
  return Error{
      fmt::format("'{}': libbpf cannot print its types: {}", path.string(), std::strerror(error))};
}

/// libbpf divides by the alignment of a struct, which it has none of where a member has none: one
/// that is void, a function or a type that is only declared (btf_dump_emit_bit_padding(), v6.1).
std::optional<Error> without_alignment(const btf* types) {
  for (std::uint32_t id = 1; id < ::btf__type_cnt(types); ++id) {
    const btf_type* type = ::btf__type_by_id(types, id);
    if (!::btf_is_composite(type) || ::btf_vlen(type) == 0) continue;
    if (::btf__align_of(types, id) > 0) continue;
    return Error{fmt::format("BTF: type {} has a member that has no size", id)};
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> vmlinux_header(const std::filesystem::path& btf_file) {
  Result<std::string> bytes = read_file(btf_file, kMaxBtfBytes);
  if (!bytes) return std::move(bytes).error();
  // libbpf trusts what it dumps; so what it gets has passed our own checks.
  if (const Result<Btf> checked = Btf::parse(*bytes); !checked) {
    return wrap(fmt::format("'{}'", btf_file.string()), checked.error());
  }
  using BtfHandle = std::unique_ptr<btf, decltype(&::btf__free)>;
  using DumpHandle = std::unique_ptr<btf_dump, decltype(&::btf_dump__free)>;
  const BtfHandle types(::btf__new(bytes->data(), static_cast<std::uint32_t>(bytes->size())),
                        &::btf__free);
  if (!types) return libbpf_error(btf_file, errno);
  if (std::optional<Error> problem = without_alignment(types.get())) {
    return wrap(fmt::format("'{}'", btf_file.string()), *std::move(problem));
  }
  std::string text(kPrologue);
  const DumpHandle dump(::btf_dump__new(types.get(), append_formatted, &text, nullptr),
                        &::btf_dump__free);
  if (!dump) return libbpf_error(btf_file, errno);
  for (std::uint32_t id = 1; id < ::btf__type_cnt(types.get()); ++id) {
    if (const int error = ::btf_dump__dump_type(dump.get(), id); error != 0) {
      return libbpf_error(btf_file, -error);
    }
  }
  if (text.size() > kMaxHeaderBytes) {
    return Error{fmt::format("'{}': more than {} bytes of declarations", btf_file.string(),
                             kMaxHeaderBytes)};
  }
  text += kEpilogue;
  return text;
}

}  // namespace bpfmatrix
