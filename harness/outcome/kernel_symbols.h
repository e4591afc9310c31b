// The functions of one kernel, by name: in its symbol table, open to ftrace, forbidden for kprobes,
// described by its BTF. Each of the four lists may be missing, and then nothing is known of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fields.h"

namespace bpfmatrix {

enum class SymbolList : std::uint8_t { kallsyms, traceable, blacklist, btf };
inline constexpr Word<SymbolList> kSymbolListWords[] = {
    {SymbolList::kallsyms, "kallsyms", "functions in /proc/kallsyms"},
    {SymbolList::traceable, "traceable", "available_filter_functions"},
    {SymbolList::blacklist, "blacklist",
     "forbidden for kprobes: /sys/kernel/debug/kprobes/blacklist"},
    {SymbolList::btf, "btf", "FUNC in the kernel's own BTF"},
};
constexpr const auto& words_of(SymbolList) { return kSymbolListWords; }

class KernelSymbols {
 public:
  /// Takes a whole list; the empty one says that nothing is in it. Names that nothing could attach
  /// to, and more than a kernel has, are left out. Bytes that are no UTF-8 are escaped.
  void add(SymbolList list, const std::vector<std::string_view>& names);

  bool knows(SymbolList list) const { return (known_ & bit(list)) != 0; }
  /// Nothing: the list is not known.
  std::optional<bool> in(SymbolList list, std::string_view name) const;
  /// How many names are in it.
  std::size_t count(SymbolList list) const;
  /// Sorted: every name that begins so and is in a list that is known.
  std::vector<std::string> starting_with(std::string_view prefix) const;

  OrderedJson to_json() const;
  /// Strict.
  static KernelSymbols from_json(const Json& json, const JsonPlace& place, JsonProblem& problem);
  static OrderedJson schema();

 private:
  static std::uint8_t bit(SymbolList list) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(list));
  }
  void add_bits(std::string_view name, std::uint8_t bits);

  std::uint8_t known_ = 0;
  /// Which lists a name is in.
  std::map<std::string, std::uint8_t, std::less<>> names_{};
};

template <>
struct JsonType<KernelSymbols> {
  static void read(const Json& json, KernelSymbols& value, const JsonPlace& place,
                   JsonProblem& problem) {
    value = KernelSymbols::from_json(json, place, problem);
  }
  static void write(auto& sink, const KernelSymbols& value) { sink.value(value.to_json()); }
  static OrderedJson schema() { return KernelSymbols::schema(); }
};

/// The functions of /proc/kallsyms, those of modules too. The names lie in `text`.
std::vector<std::string_view> names_in_kallsyms(std::string_view text);
/// The first word of each line: available_filter_functions.
std::vector<std::string_view> names_in_filter_functions(std::string_view text);
/// "0xffffffff81001020-0xffffffff81001030\tname"
std::vector<std::string_view> names_in_blacklist(std::string_view text);

}  // namespace bpfmatrix
