#include "guest/agent/trigger_scene.h"

#include <algorithm>

namespace bpfmatrix::guest {

namespace {

std::vector<Operation> performed_in(const volatile Scene& scene) {
  std::vector<Operation> performed;
  for (unsigned i = 0; i < scene.done && i < std::size(scene.operations); ++i) {
    Operation operation{{}, scene.operations[i].ret};
    for (const volatile char& c : scene.operations[i].name) {
      if (c != '\0') operation.name.push_back(c);
    }
    performed.push_back(std::move(operation));
  }
  return performed;
}

}  // namespace

void record(volatile Scene& scene, std::string_view name, std::int64_t ret) {
  if (scene.done >= std::size(scene.operations)) return;
  volatile Scene::Entry& entry = scene.operations[scene.done];
  for (std::size_t i = 0; i < name.size() && i < sizeof entry.name; ++i) entry.name[i] = name[i];
  entry.ret = ret;
  scene.done = scene.done + 1;
}

Triggered truth_of(const volatile Scene& scene, pid_t parent, const std::string& program) {
  Triggered truth{{{"pid", scene.pid}, {"ppid", parent}}, {{"comm", std::string(kComm)}}, {}};
  truth.performed = performed_in(scene);
  const auto did = [&](std::string_view name) {
    return std::any_of(truth.performed.begin(), truth.performed.end(),
                       [&](const Operation& o) { return o.name == name; });
  };
  if (did("openat")) {
    truth.texts["path"] = kFile;
    truth.numbers.insert({{"flags", kFlags}, {"mode", kMode}});
  }
  if (did("connect")) {
    truth.numbers.insert(
        {{"fd", scene.fd}, {"port", kPort}, {"addr", kAddress}, {"ret", scene.ret}});
    truth.numbers["protocol"] = kEtherTypeIpv4;
  }
  if (did("sendto")) {
    truth.texts["payload"] = kPayload;
    truth.numbers.insert({{"payload_bytes", static_cast<std::int64_t>(kPayload.size())},
                          {"sport", kSourcePort},
                          {"dport", kPort}});
  }
  if (did("execve")) truth.texts.insert({{"filename", program}, {"argv0", program}});
  return truth;
}

}  // namespace bpfmatrix::guest
