#include "run/objects/object_finder.h"

#include <fmt/format.h>

#include "base/file.h"
#include "cell/app_file.h"
#include "elf/elf_file.h"
#include "elf/embedded.h"
#include "run/objects/app_root.h"

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

/// nullptr: they are no ELF file.
std::shared_ptr<const ElfFile> sections_of(std::string bytes) {
  Result<ElfFile> elf = ElfFile::parse(std::move(bytes));
  return elf ? std::make_shared<const ElfFile>(*std::move(elf)) : nullptr;
}

}  // namespace

/// Where the bytes of each kind of object lie.
struct ObjectFinder::Locate {
  const ObjectFinder& finder;
  const CaseSpec& spec;
  Arch arch;

  Result<fs::path> operator()(const FileObject& object) const { return object.file; }
  /// See find_brought().
  Result<fs::path> operator()(const BroughtObject& object) const {
    return fs::path(object.app_path);
  }

  Result<fs::path> operator()(const SourceObject& object) const {
    const auto btf = finder.btf_.find(arch);
    if (btf == finder.btf_.end()) {
      return Error{fmt::format("no kernel with BTF to compile '{}' against", object.file.string()),
                   fmt::format("run 'bpfmatrix kernels fetch debian-6.1-{}'", to_string(arch))};
    }
    return finder.compiler_.compile({.source = object.file,
                                     .folder = object.folder,
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
    : settings_(settings),
      compiler_(settings.fetch.store.root() / "compiled"),
      stripper_(settings.fetch.store.root() / "compiled") {}

Result<fs::path> ObjectFinder::file_of(const BroughtObject& brought, Arch arch) const {
  if (!brought.root) return fs::path(path_on(brought.app_path, arch));
  const Result<RootTree> tree = open_app_root(*brought.root, arch, settings_.fetch);
  if (!tree) return tree.error();
  const Result<RootProgram> program = find_root_program(*tree, brought.app_path, *brought.root);
  if (!program) return program.error();
  return program->entry->file;
}

/// Of those that an application brings: the one, or nothing where it brings none in a form that can
/// be read, or several.
Result<ObjectFile> ObjectFinder::find_brought(const BroughtObject& brought, Arch arch) const {
  const std::string shown = to_string(ObjectSpec(brought));
  const Result<fs::path> file = file_of(brought, arch);
  if (!file) return file.error();
  const Result<std::string> app = read_file(*file, kMaxAppBytes);
  if (!app) return app.error();
  const std::vector<std::string_view> inside = find_embedded_objects(*app);
  ObjectFile object{.shown = shown};
  if (inside.size() != 1) return object;
  std::string bytes(inside.front());
  Result<ObjectInfo> info = read_object_bytes(bytes, shown);
  if (!info) return object;
  object.file = settings_.fetch.store.root() / "compiled" / ("brought-" + info->sha256 + ".o");
  std::error_code none;
  fs::create_directories(object.file.parent_path(), none);
  if (Result<> kept = write_file(object.file, bytes); !kept) return std::move(kept).error();
  object.info = *std::move(info);
  object.elf = sections_of(std::move(bytes));
  return object;
}

Result<ObjectFile> ObjectFinder::find(const CaseSpec& spec, Arch arch) const {
  if (const auto* brought = std::get_if<BroughtObject>(&spec.object)) {
    Result<ObjectFile> object = find_brought(*brought, arch);
    return object ? object : wrap(fmt::format("application '{}'", spec.id), object.error());
  }
  Result<fs::path> file = std::visit(Locate{*this, spec, arch}, spec.object);
  if (file && !spec.strip.empty()) file = stripper_.strip(*file, spec.strip);
  if (!file) return wrap(fmt::format("case '{}'", spec.id), file.error());
  Result<std::string> bytes = read_file(*file, kMaxObjectBytes);
  if (!bytes) return wrap(fmt::format("case '{}'", spec.id), std::move(bytes).error());
  const std::string shown = to_string(spec.object);
  Result<ObjectInfo> info = read_object_bytes(*bytes, shown);
  if (!info) return ObjectFile{.file = *file, .shown = shown, .problem = std::move(info).error()};
  return ObjectFile{.file = *file,
                    .shown = shown,
                    .info = *std::move(info),
                    .elf = sections_of(*std::move(bytes))};
}

}  // namespace bpfmatrix
