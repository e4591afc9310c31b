// What every command about kernels begins with: the catalog, and the store.
#pragma once

#include <string>

#include "base/result.h"
#include "kernels/catalog.h"
#include "kernels/store.h"

namespace bpfmatrix {

/// What --allow-older does, wherever packages may be fetched.
inline constexpr const char* kAllowOlderHelp =
    "Take a suite that is older than what was seen of it before; the record of the kernel says so";

/// The catalog of this installation. Error: it is missing or malformed.
Result<Catalog> known_kernels();

/// The same, and the kernels that were added to that store.
Result<Catalog> known_kernels(const Store& store);

/// The store at `option`, or where it is by default if that is empty. Touches nothing.
Result<Store> open_store(const std::string& option);

}  // namespace bpfmatrix
