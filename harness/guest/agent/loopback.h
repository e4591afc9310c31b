// The one network interface of the guest: where loaders attach XDP and tc programs.
#pragma once

#include <string>
#include <vector>

namespace bpfmatrix::guest {

/// Gives `lo` 127.0.0.1/8 and brings it up.
void raise_loopback(std::vector<std::string>& notes);
/// Takes from `lo` what a loader that died may have left there: an XDP program and the clsact
/// qdisc with its filters. Links go with the processes that held them.
void clear_loopback();

}  // namespace bpfmatrix::guest
