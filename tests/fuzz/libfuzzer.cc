// The program of one target. libFuzzer brings main().
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const kubari::fuzz::Target& target : kubari::fuzz::kTargets) {
    if (target.name == KUBARI_FUZZ_TARGET) target.run({reinterpret_cast<const char*>(data), size});
  }
  return 0;
}
