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

void read_environment(ObjectReader& reader, LoaderApp& app) {
  const Json* environment = reader.object("environment");
  if (environment == nullptr) return reader.fail("environment", "missing");
  for (const auto& [name, value] : environment->items()) {
    if (!value.is_string()) return reader.fail("environment", "wanted texts only");
    app.environment[name] = value.get<std::string>();
  }
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

OrderedJson to_json(const LoaderApp& app) {
  return {{"name", app.name},
          {"path", app.path},
          {"arguments", app.arguments},
          {"environment", app.environment},
          {"quiet_ms", app.quiet_ms}};
}

Result<LoaderApp> app_from_json(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  LoaderApp app{reader.string("name"), reader.string("path"), reader.strings("arguments")};
  read_environment(reader, app);
  app.quiet_ms = reader.integer("quiet_ms");
  if (!is_valid_id(app.name)) reader.fail("name", "no valid name");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return app;
}

}  // namespace bpfmatrix
