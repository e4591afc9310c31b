#include "guest/line_splitter.h"

namespace bpfmatrix {

void LineSplitter::feed(std::string_view bytes, const OnLine& on_line) {
  for (;;) {
    const std::size_t end = bytes.find('\n');
    append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    end_line(on_line);
    bytes.remove_prefix(end + 1);
  }
}

void LineSplitter::finish(const OnLine& on_line) {
  if (!line_.empty() || too_long_) end_line(on_line);
}

void LineSplitter::append(std::string_view part) {
  if (!too_long_ && line_.size() + part.size() <= max_bytes_) {
    line_.append(part);
    return;
  }
  dropped_ += line_.size() + part.size();
  line_.clear();
  too_long_ = true;
}

void LineSplitter::end_line(const OnLine& on_line) {
  if (!too_long_ && on_line) on_line(line_);
  line_.clear();
  too_long_ = false;
}

}  // namespace bpfmatrix
