#include "kernels/kernels.h"

#include <fmt/format.h>

#include "kernels/kernel_record.h"

namespace bpfmatrix {

namespace fs = std::filesystem;

Error of_kernel(const std::string& id, Error error) {
  return wrap(fmt::format("kernel '{}'", id), std::move(error));
}

Result<fs::path> kernel_tree(const Store& store, const std::string& id) {
  const auto tree = is_valid_id(id) ? store.resolve(store.kernel_link(id)) : std::nullopt;
  if (tree) return *tree;
  return of_kernel(id, Error{fmt::format("not in the store '{}'", store.root().string()),
                             fmt::format("run 'bpfmatrix kernels fetch {}'", id)});
}

Result<Kernel> find_kernel(const Store& store, const std::string& id) {
  Result<fs::path> tree = kernel_tree(store, id);
  if (!tree) return std::move(tree).error();
  Result<Kernel> kernel = read_kernel_record(*tree);
  std::error_code ignored;
  if (kernel && kernel->id == id && fs::is_regular_file(kernel->image, ignored)) return kernel;
  Error error =
      kernel ? Error{fmt::format("'{}': the kernel's files are not complete", tree->string())}
             : std::move(kernel).error();
  error.hint = fmt::format("run 'bpfmatrix kernels rm {0}' and 'bpfmatrix kernels fetch {0}'", id);
  return of_kernel(id, std::move(error));
}

Result<std::vector<VerifyFinding>> verify_kernel(const Store& store, const std::string& id) {
  Result<fs::path> tree = kernel_tree(store, id);
  if (!tree) return std::move(tree).error();
  Result<std::vector<VerifyFinding>> findings = store.verify(*tree);
  if (!findings) return of_kernel(id, std::move(findings).error());
  return findings;
}

}  // namespace bpfmatrix
