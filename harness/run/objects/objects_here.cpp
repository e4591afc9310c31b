#include "run/objects/objects_here.h"

#include "run/objects/app_root.h"

namespace bpfmatrix {

namespace {

/// The usual kernel of this architecture, else any.
std::optional<std::filesystem::path> find_btf(const KernelFinder& kernels, Arch arch) {
  std::optional<std::filesystem::path> found;
  for (const PlanKernel& known : kernels.known()) {
    if (known.arch != arch) continue;
    const Result<Kernel> kernel = kernels.find_here(known.id);
    if (!kernel || !kernel->btf) continue;
    if (!found || known.id.starts_with(kHeadersKernel)) found = kernel->btf->file;
  }
  return found;
}

}  // namespace

ObjectsHere::ObjectsHere(const RunSettings& settings, const KernelFinder& kernels)
    : settings_(settings), finder_(settings) {
  for (const Arch arch : kArches) {
    const auto btf = find_btf(kernels, arch);
    if (!btf) continue;
    finder_.compile_against(arch, *btf);
    compilable_.insert(arch);
  }
}

bool ObjectsHere::is_here(const CaseSpec& spec, Arch arch) const {
  if (std::holds_alternative<SourceObject>(spec.object)) return compilable_.contains(arch);
  const Store& store = settings_.fetch.store;
  if (const auto* brought = std::get_if<BroughtObject>(&spec.object); brought && brought->root)
    return is_root_here(*brought->root, arch, store);
  const auto* deb = std::get_if<DebObject>(&spec.object);
  if (deb == nullptr) return true;
  return store.resolve(store.package_link(deb->suite, debian_name(arch), deb->package)).has_value();
}

std::optional<Result<ObjectFile>> ObjectsHere::find(const CaseSpec& spec, Arch arch) const {
  if (!is_here(spec, arch)) return std::nullopt;
  return finder_.find(spec, arch);
}

}  // namespace bpfmatrix
