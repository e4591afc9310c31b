// What the programs saw, compared with what the trigger did. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cell/loader_record.h"
#include "guest/messages.h"
#include "matrix/case_spec.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// By the names of cases/include/observed.h.
using ExpectedValues = std::map<std::string, Scalar, std::less<>>;

/// What the trigger made true, and what the case says where the trigger says nothing. None where no
/// trigger was pulled.
ExpectedValues expected_values(const std::optional<Triggered>& triggered,
                               const NamedValues& of_case);

/// Each value with what it should be: `absent` where no program fired, `unknown` if that is not
/// known. "fd__wrapped" is compared with "fd"; `hits`, and what begins with "hits__", is a count.
std::vector<ObservedValue> compare(const std::vector<SaidValue>& values,
                                   const ExpectedValues& expected);

/// How often the programs of the object counted themselves: the value `hits`, or `hits__PROGRAM`
/// for one of them.
std::optional<std::uint64_t> fired_count(const std::vector<ObservedValue>& values,
                                         std::string_view program = {});

/// From values that were compared: which way to connect()'s arguments was right. With `program`
/// only `fd__PROGRAM` and the like count, and as read directly.
ArgumentsSeen arguments_seen(const std::vector<ObservedValue>& values,
                             std::string_view program = {});

/// Whether a program in this section is called at the entry or the end of a system call.
bool is_syscall_probe(std::string_view section);

}  // namespace bpfmatrix
