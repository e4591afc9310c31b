#include "matrix/loader_app.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

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

Result<std::vector<std::string>> shell_words(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (quote == 0 && blank) {
      in_word = false;
      continue;
    }
    if (!std::exchange(in_word, true)) words.emplace_back();
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < line.size()) {
      words.back() += line[++i];
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return Error{fmt::format("'{}': a quote ({}) is not closed", line, quote)};
  return words;
}

Result<LoaderApp> app_of_line(const std::string& line) {
  Result<std::vector<std::string>> words = shell_words(line);
  if (!words) return wrap("--app", words.error());
  if (words->empty()) return Error{"--app: no program", "wanted a program and its arguments"};
  Result<LoaderApp> app = app_of_path(words->front());
  if (!app) return app;
  app->arguments.assign(words->begin() + 1, words->end());
  app->own_object.emplace();
  return app;
}

bool has_root(const LoaderApp& app) { return app.own_object && app.own_object->root.has_value(); }

Result<GuestFile> parse_guest_file(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  GuestFile file;
  file.path = text.substr(0, colon);
  file.guest_path = colon == text.npos
                        ? "/app/" + std::filesystem::path(file.path).filename().string()
                        : std::string(text.substr(colon + 1));
  const std::filesystem::path guest = file.guest_path;
  if (!file.path.empty() && guest.is_absolute() && guest.has_filename() &&
      guest == guest.lexically_normal()) {
    return file;
  }
  return Error{fmt::format("'{}': wanted PATH or PATH:GUESTPATH", text),
               "the guest's path is absolute, and without . and .."};
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

std::string path_on(std::string path, Arch arch) {
  return fill_in(std::move(path), {{"arch", std::string(to_string(arch))}});
}

}  // namespace bpfmatrix
