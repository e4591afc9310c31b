#include "kernels/image/kconfig.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/text.h"

namespace bpfmatrix {

namespace {

constexpr std::string_view kNotSet = " is not set";

struct Setting {
  std::string_view name{};
  std::string_view value{};
};

/// "CONFIG_X=value" or "# CONFIG_X is not set"; nothing for any other line.
std::optional<Setting> read_setting(std::string_view line) {
  if (line.starts_with("# CONFIG_") && line.ends_with(kNotSet)) {
    return Setting{line.substr(2, line.size() - 2 - kNotSet.size()), "n"};
  }
  const auto equals = line.find('=');
  if (!line.starts_with("CONFIG_") || equals == std::string_view::npos) return std::nullopt;
  return Setting{line.substr(0, equals), line.substr(equals + 1)};
}

/// A fragment being read, line by line.
class FragmentReader {
 public:
  explicit FragmentReader(std::string_view source) : source_(source) {}

  Result<> take(std::string_view line) {
    ++line_;
    if (const auto setting = read_setting(line)) return take_setting(*setting);
    if (line.starts_with('#')) {
      take_comment(trim(line.substr(1)));
    } else if (!line.empty()) {
      return Error{fmt::format("'{}': neither a comment nor an option: '{}'", where(), line)};
    } else {
      in_comment_ = false;
    }
    return {};
  }

  std::vector<ConfigOption> options() && { return std::move(options_); }

 private:
  std::string where() const { return fmt::format("{}:{}", source_, line_); }

  void take_comment(std::string_view text) {
    if (!in_comment_) reason_.clear();
    if (!reason_.empty()) reason_ += ' ';
    reason_ += text;
    in_comment_ = true;
  }

  Result<> take_setting(const Setting& setting) {
    in_comment_ = false;
    if (reason_.empty()) {
      return Error{fmt::format("'{}': {} has no reason above it", where(), setting.name)};
    }
    options_.push_back({std::string(setting.name), std::string(setting.value), where(), reason_});
    return {};
  }

  std::string_view source_;
  int line_ = 0;
  bool in_comment_ = false;
  std::string reason_{};
  std::vector<ConfigOption> options_{};
};

std::string show(std::string_view name, std::string_view value) {
  if (value == "n") return fmt::format("{}{}", name, kNotSet);
  return fmt::format("{}={}", name, value);
}

std::map<std::string_view, std::string_view> read_config(std::string_view config) {
  std::map<std::string_view, std::string_view> values;
  for (const std::string_view line : split(config, '\n')) {
    if (const auto setting = read_setting(trim(line))) values[setting->name] = setting->value;
  }
  return values;
}

}  // namespace

Result<std::vector<ConfigOption>> parse_fragment(std::string_view text, std::string_view source) {
  FragmentReader reader(source);
  for (const std::string_view line : split(text, '\n')) {
    if (Result<> taken = reader.take(trim(line)); !taken) return std::move(taken).error();
  }
  return std::move(reader).options();
}

Result<std::vector<ConfigOption>> join_fragments(
    const std::vector<std::vector<ConfigOption>>& fragments) {
  std::vector<ConfigOption> all;
  std::map<std::string_view, std::string_view> seen;
  for (const std::vector<ConfigOption>& fragment : fragments) {
    for (const ConfigOption& option : fragment) {
      const auto [before, fresh] = seen.emplace(option.name, option.where);
      if (!fresh) {
        return Error{
            fmt::format("{} is in '{}' and in '{}'", option.name, before->second, option.where)};
      }
      all.push_back(option);
    }
  }
  return all;
}

Result<> check_config(const std::vector<ConfigOption>& wanted, std::string_view config) {
  const auto values = read_config(config);
  std::string dropped;
  for (const ConfigOption& option : wanted) {
    const auto found = values.find(option.name);
    const std::string_view got = found != values.end() ? found->second : "n";
    if (got == option.value) continue;
    const std::string instead = found != values.end() ? show(option.name, got) : "no such option";
    dropped += fmt::format("\n  {}: wanted {}, got {}; {}", option.where,
                           show(option.name, option.value), instead, option.reason);
  }
  if (dropped.empty()) return {};
  return Error{"config options without effect:" + dropped,
               "this version does not know them, or what they depend on is missing"};
}

}  // namespace bpfmatrix
