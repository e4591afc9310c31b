// Mutations for targets that read JSON, a text or one a line: libFuzzer's own, of bytes, hardly
// ever leave JSON behind. Half of the time one value of one line is changed, as JSON.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"

/// libFuzzer's own: changes `size` bytes to at most `max_size`, and gives how many.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* bytes, std::size_t size,
                                        std::size_t max_size);

namespace bpfmatrix {
namespace {

constexpr std::size_t kMaxString = 256;

class JsonMutation {
 public:
  JsonMutation(Json& json, std::mt19937& random) : random_(random) { collect(json); }

  void change_one() {
    Json& value = *values_[below(values_.size())];
    switch (below(4)) {
      case 0:
        value = Json(*values_[below(values_.size())]);  // a copy: it may be a part of the other
        break;
      case 1:
        value = edge();
        break;
      case 2:
        if (value.is_structured()) resize(value);
        break;
      default:
        if (value.is_string()) change_text(value.get_ref<std::string&>());
    }
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  void collect(Json& json) {
    values_.push_back(&json);
    if (!json.is_structured()) return;
    for (Json& inner : json) collect(inner);
  }

  Json edge() {
    const std::vector<Json> edges{nullptr,
                                  true,
                                  false,
                                  0,
                                  -1,
                                  1,
                                  "",
                                  Json::array(),
                                  Json::object(),
                                  std::int64_t{1} << 31,
                                  INT64_MIN,
                                  INT64_MAX,
                                  UINT64_MAX};
    return edges[below(edges.size())];
  }

  /// One fewer or one more of a list; of an object's keys one fewer.
  void resize(Json& value) {
    if (value.empty()) return;
    const auto at = std::next(value.begin(), static_cast<std::ptrdiff_t>(below(value.size())));
    if (value.is_array() && below(2) == 0) {
      value.push_back(Json(*at));
    } else {
      value.erase(at);
    }
  }

  void change_text(std::string& text) {
    const std::size_t size = std::min(text.size(), kMaxString);
    text.resize(kMaxString);
    text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, kMaxString));
  }

  std::mt19937& random_;
  std::vector<Json*> values_{};
};

/// `text` with one line changed; as it was where that is no JSON.
std::string with_changed_line(std::string_view text, std::mt19937& random) {
  const std::vector<std::string_view> lines = split(text, '\n');
  if (lines.empty()) return std::string(text);
  // A text of several lines may be one JSON.
  std::string_view line = lines[random() % lines.size()];
  if (lines.size() > 1 && (lines[0] == "{" || lines[0] == "[")) line = text;
  if (!line.starts_with('{') && !line.starts_with('[')) return std::string(text);
  Result<Json> json = parse_json(line, "line");
  if (!json) return std::string(text);
  JsonMutation(*json, random).change_one();
  const auto at = static_cast<std::size_t>(line.data() - text.data());
  return std::string(text.substr(0, at)) + json_text(*json) +
         std::string(text.substr(at + line.size()));
}

}  // namespace
}  // namespace bpfmatrix

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* bytes, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
  std::mt19937 random(seed);
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (random() % 2 == 0) {
    const std::string changed = bpfmatrix::with_changed_line(text, random);
    if (changed != text && changed.size() <= max_size) {
      std::copy(changed.begin(), changed.end(), bytes);
      return changed.size();
    }
  }
  return LLVMFuzzerMutate(bytes, size, max_size);
}
