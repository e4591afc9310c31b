// The edge: all that a person sees goes through here, results to standard output, talk to standard
// error. What of it came from outside is made printable on the way (base/printable.h).
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>

#include "base/printable.h"
#include "base/result.h"
#include "cli/exit_code.h"

namespace bpfmatrix {

/// "error: ..." and, where there is one, "hint: ...". Here and in say(), further lines of a text
/// are indented: none can pass for a line of its own.
void say_error(const Error& error);
void say(std::string_view text);
/// Says the error; gives the exit code.
int end_with(const Error& error, ExitCode exit_code);

/// Colours and the cursor are ours: what comes from outside must be printable already.
void say_drawn(std::string_view text);
void print_drawn(std::string_view text);

/// A result that has lines of its own.
void print_text(std::string_view text);
/// One of several results, each as say() would put it.
void print_message(std::string_view text);

/// What format() makes of an argument: of a text, one printable line.
template <typename T>
decltype(auto) shown(const T& value) {
  if constexpr (std::convertible_to<const T&, std::string_view>) {
    return printable(value);
  } else {
    return (value);
  }
}

/// Columns are as wide as what is seen.
template <typename... T>
void print(fmt::format_string<T...> format, const T&... arguments) {
  print_text(fmt::format(fmt::runtime(format), shown(arguments)...));
}

/// True when `fd` is a terminal that takes colours (NO_COLOR is honoured, TERM is not "dumb").
bool wants_colour(int fd);
/// Columns of the terminal behind `fd`; COLUMNS, or 120, when it is none.
int terminal_width(int fd);

/// Whether all that was printed on standard output arrived there, as far as this process can tell.
bool all_was_printed();

}  // namespace bpfmatrix
