#include "matrix/loader_app.h"

#include <fmt/format.h>

#include <filesystem>

namespace bpfmatrix {

namespace {

constexpr std::string_view kArch = "{arch}";

/// "loader-{arch}" is called "loader": the kernel says the architecture already.
std::string name_of(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  const std::size_t at = name.find(kArch);
  if (at == std::string::npos) return name;
  name.erase(at, kArch.size());
  const bool joined = at > 0 && std::string_view("-_.").find(name[at - 1]) != std::string::npos;
  if (joined) name.erase(at - 1, 1);
  return name;
}

}  // namespace

bool is_app(std::string_view loader) { return loader.find('/') != std::string_view::npos; }

Result<LoaderApp> app_of_path(const std::string& path) {
  LoaderApp app;
  app.name = name_of(path);
  app.path = path;
  if (is_valid_id(app.name)) return app;
  return Error{fmt::format("loader '{}': '{}' cannot be part of a cell id", path, app.name),
               "letters, digits and . _ + - are allowed in the file's name"};
}

std::string fill_in(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    const std::string mark = fmt::format("{{{}}}", key);
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

std::string path_on(const LoaderApp& app, Arch arch) {
  return fill_in(app.path, {{"arch", std::string(to_string(arch))}});
}

}  // namespace bpfmatrix
