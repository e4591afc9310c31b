// What the programs saw, held against the truth that the trigger told. Pure: the facts of `Outcome`
// about its run are filled in from the facts that are there.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "guest/messages.h"
#include "matrix/case_spec.h"
#include "outcome/outcome.h"

namespace bpfmatrix {

/// By the names of cases/include/observed.h.
using ExpectedValues = std::map<std::string, Scalar, std::less<>>;

ExpectedValues expected_of(const Triggered& triggered);

/// Fills in `truth` and `result` of each value, `absent` where `hits` is 0. "fd__wrapped" is held
/// against "fd"; `hits`, and what begins with "hits__", is a count and has no truth.
void compare_with(const ExpectedValues& truth, std::vector<ObservedValue>& values);

/// How often the programs of the object counted themselves: the value `hits`, or `hits__PROGRAM`
/// for one of them.
std::optional<std::uint64_t> observed_fired(const std::vector<ObservedValue>& values,
                                            std::string_view program = {});

/// From values that were held against the truth: which way to connect()'s arguments was right.
/// With `program` only `fd__PROGRAM` and the like count, and as taken directly.
ArgumentsSeen arguments_seen(const std::vector<ObservedValue>& values,
                             std::string_view program = {});

/// Whether a program in this section is called at the entry or the end of a system call.
bool is_syscall_probe(std::string_view section);

/// All of the above, and `run` of each program that is attached. `triggered` is null when no
/// trigger was pulled; `of_case` is what the case says must be seen, where the trigger says
/// nothing.
void judge_run(const Triggered* triggered, const NamedValues& of_case, Outcome& outcome);

}  // namespace bpfmatrix
