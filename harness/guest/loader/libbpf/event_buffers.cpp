#include "guest/loader/libbpf/event_buffers.h"

#include <cstdint>

namespace bpfmatrix::guest {

namespace {

constexpr std::size_t kPages = 8;

int count_ring_event(void* events, void*, std::size_t) {
  ++*static_cast<std::uint64_t*>(events);
  return 0;
}

void count_perf_event(void* events, int, void*, unsigned) {
  ++*static_cast<std::uint64_t*>(events);
}

bool carries_events(const bpf_map* map) {
  return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
         bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

}  // namespace

EventBuffers::EventBuffers(const bpf_object* object) {
  std::vector<const bpf_map*> maps;
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (carries_events(map) && bpf_map__fd(map) >= 0) maps.push_back(map);
  }
  buffers_.resize(maps.size());
  for (std::size_t i = 0; i < maps.size(); ++i) {
    Buffer& buffer = buffers_[i];
    const int fd = bpf_map__fd(maps[i]);
    buffer.map = bpf_map__name(maps[i]);
    if (bpf_map__type(maps[i]) == BPF_MAP_TYPE_RINGBUF) {
      buffer.ring = ring_buffer__new(fd, count_ring_event, &buffer.events, nullptr);
    } else {
      buffer.perf =
          perf_buffer__new(fd, kPages, count_perf_event, nullptr, &buffer.events, nullptr);
    }
  }
}

EventBuffers::~EventBuffers() {
  for (const Buffer& buffer : buffers_) {
    ring_buffer__free(buffer.ring);
    perf_buffer__free(buffer.perf);
  }
}

void EventBuffers::read(
    const std::function<void(std::string_view map, std::uint64_t events)>& take) {
  for (const Buffer& buffer : buffers_) {
    if (buffer.ring != nullptr) ring_buffer__consume(buffer.ring);
    if (buffer.perf != nullptr) perf_buffer__consume(buffer.perf);
    if (buffer.ring != nullptr || buffer.perf != nullptr) take(buffer.map, buffer.events);
  }
}

}  // namespace bpfmatrix::guest
