// The entry points that libFuzzer calls, of a program with one target. `PROGRAM --seeds FOLDER`
// writes what the target begins with to that folder.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/testing/fuzz_target.h"

namespace bpfmatrix {
namespace {

void write_seeds(const std::string& folder) {
  const FuzzTarget& target = *FuzzTarget::all().front();
  int number = 0;
  for (const std::string& seed : target.seeds()) {
    const Result<> written =
        write_file(folder + "/made-" + std::to_string(number++), seed, Durability::unsynced);
    require(written.has_value(), "the folder of the seeds can be written to");
  }
}

}  // namespace
}  // namespace bpfmatrix

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc != 3 || std::string_view((*argv)[1]) != "--seeds") return 0;
  bpfmatrix::write_seeds((*argv)[2]);
  std::exit(0);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  bpfmatrix::FuzzTarget::all().front()->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
