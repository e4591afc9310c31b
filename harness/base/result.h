// A value, or the reason there is none. The shape of C++23's std::expected, which GCC 12 lacks in
// C++20 mode; once it has it, this file becomes an alias.
//
// Three kinds of trouble, three roads: what a kernel rejects is data (outcome/outcome.h); what we
// could not find out is an Error in a Result; our own bug is an assertion.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace bpfmatrix {

/// Why something could not be found out. `message` is lower case, names its subject in single
/// quotes and reads on after "error: "; `hint` (may be empty) says what to do about it.
struct Error {
  std::string message{};
  std::string hint{};
};

/// Success without a value: `Result<> f() { ...; return {}; }`.
struct Done {};

template <typename T = Done>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result() requires std::is_default_constructible_v<T> : state_(std::in_place_index<0>) {}
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  T& value() {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }

  std::variant<T, Error> state_;
};

/// Puts `context` in front of a message, outermost first: "kernel 'x': sha256 mismatch in 'y'".
inline Error wrap(std::string_view context, Error error) {
  error.message.insert(0, ": ");
  error.message.insert(0, context);
  return error;
}

}  // namespace bpfmatrix
