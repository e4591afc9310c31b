// Reads what an object's programs send: its ring buffers and perf event arrays have no other reader
// in the guest, and a perf event array without one refuses what is sent.
#pragma once

#include <bpf/libbpf.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bpfmatrix::guest {

class EventBuffers {
 public:
  /// Opens a reader for each such map that was created.
  explicit EventBuffers(const bpf_object* object);
  EventBuffers(const EventBuffers&) = delete;
  EventBuffers& operator=(const EventBuffers&) = delete;
  ~EventBuffers();

  /// What has arrived until now, map by map.
  void read(const std::function<void(std::string_view map, std::uint64_t events)>& take);

 private:
  struct Buffer {
    std::string map{};
    ring_buffer* ring = nullptr;
    perf_buffer* perf = nullptr;
    std::uint64_t events = 0;
  };

  // Readers hold the address of their element: it is filled before any is opened.
  std::vector<Buffer> buffers_{};
};

}  // namespace bpfmatrix::guest
