#include "run/object_file.h"

#include <fmt/format.h>

namespace bpfmatrix {

namespace {

namespace fs = std::filesystem;

/// Debian's name for the folder of an architecture's libraries.
std::string_view multiarch(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
      return "x86_64-linux-gnu";
    case Arch::aarch64:
      return "aarch64-linux-gnu";
  }
  return "";
}

std::string fill_in(std::string path, Arch arch) {
  constexpr std::string_view kPlaceholder = "{multiarch}";
  const std::size_t at = path.find(kPlaceholder);
  if (at != std::string::npos) path.replace(at, kPlaceholder.size(), multiarch(arch));
  return path;
}

}  // namespace

/// Where the bytes of each kind of object lie.
struct ObjectFinder::Locate {
  const ObjectFinder& finder;
  const CaseSpec& spec;
  Arch arch;

  Result<fs::path> operator()(const FileObject& object) const { return object.file; }

  Result<fs::path> operator()(const SourceObject& object) const {
    const auto btf = finder.btf_.find(arch);
    if (btf == finder.btf_.end()) {
      return Error{fmt::format("no kernel with BTF to compile '{}' against", object.file.string()),
                   fmt::format("run 'bpfmatrix kernels fetch debian-6.1-{}'", to_string(arch))};
    }
    return finder.compiler_.compile({.source = object.file,
                                     .arch = arch,
                                     .btf = btf->second,
                                     .cflags = spec.cflags,
                                     .include_dir = finder.settings_.case_headers});
  }

  Result<fs::path> operator()(const DebObject& object) const {
    const auto file = fetch_deb_file({.suite = object.suite,
                                      .arch = arch,
                                      .package = object.package,
                                      .path = fill_in(object.path, arch)},
                                     finder.settings_.fetch);
    if (!file) return file.error();
    return file->path;
  }
};

ObjectFinder::ObjectFinder(const RunSettings& settings)
    : settings_(settings), compiler_(settings.fetch.store.root() / "compiled") {}

Result<ObjectFile> ObjectFinder::find(const CaseSpec& spec, Arch arch) const {
  const Result<fs::path> file = std::visit(Locate{*this, spec, arch}, spec.object);
  if (!file) return wrap(fmt::format("case '{}'", spec.id), file.error());
  Result<ObjectInfo> info = read_object(*file);
  if (!info) return ObjectFile{*file, to_string(spec.object), {}, std::move(info).error()};
  return ObjectFile{*file, to_string(spec.object), *std::move(info), std::nullopt};
}

}  // namespace bpfmatrix
