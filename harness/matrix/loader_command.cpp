#include "matrix/loader_command.h"

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

void read_environment(ObjectReader& reader, LoaderCommand& command) {
  const Json* environment = reader.object("environment");
  if (environment == nullptr) return reader.fail("environment", "missing");
  for (const auto& [name, value] : environment->items()) {
    if (!value.is_string()) return reader.fail("environment", "wanted texts only");
    command.environment[name] = value.get<std::string>();
  }
}

}  // namespace

bool is_command(std::string_view loader) { return loader.find('/') != std::string_view::npos; }

Result<LoaderCommand> command_of_path(const std::string& path) {
  LoaderCommand command;
  command.name = name_of(path);
  command.path = path;
  if (is_valid_id(command.name)) return command;
  return Error{fmt::format("loader '{}': '{}' cannot be part of a cell id", path, command.name),
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

std::string path_on(const LoaderCommand& command, Arch arch) {
  return fill_in(command.path, {{"arch", std::string(to_string(arch))}});
}

OrderedJson to_json(const LoaderCommand& command) {
  return {{"name", command.name},
          {"path", command.path},
          {"arguments", command.arguments},
          {"environment", command.environment},
          {"quiet_ms", command.quiet_ms}};
}

Result<LoaderCommand> command_from_json(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  LoaderCommand command{reader.string("name"), reader.string("path"), reader.strings("arguments")};
  read_environment(reader, command);
  command.quiet_ms = reader.integer("quiet_ms");
  if (!is_valid_id(command.name)) reader.fail("name", "no valid name");
  if (Result<> read = reader.finish(); !read) return std::move(read).error();
  return command;
}

}  // namespace bpfmatrix
