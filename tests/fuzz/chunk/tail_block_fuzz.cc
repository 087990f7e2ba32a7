// Decodes the input as a tail block; and encodes it, as times and float64, and reads it back.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "storage/chunk/tail_block.h"

namespace {

using ora::storage::SampleColumns;

void ExpectRoundTrip(const SampleColumns& samples) {
  std::string block(ora::storage::kTailBlockBytesMax, '\0');
  block.resize(ora::storage::EncodeTailBlock(samples.time_millis, samples.values,
                                             reinterpret_cast<uint8_t*>(block.data())));
  SampleColumns read;
  if (!ora::storage::DecodeTailBlock(block, read).ok()) std::abort();
  if (read.time_millis != samples.time_millis) std::abort();
  if (std::memcmp(read.values.data(), samples.values.data(), samples.size() * 8) != 0) std::abort();
}

// Nine bytes a sample: how its time and its value are made, and eight that they are made of.
SampleColumns SamplesFrom(const uint8_t* bytes, size_t size) {
  SampleColumns samples;
  uint64_t time = 1'700'000'000'000;  // Unsigned: it may wrap around.
  for (; size >= 9 && samples.size() < ora::storage::kTailBlockSamplesMax; bytes += 9, size -= 9) {
    uint64_t number;
    double value;
    int16_t whole;
    std::memcpy(&number, bytes + 1, sizeof(number));
    std::memcpy(&value, bytes + 1, sizeof(value));
    std::memcpy(&whole, bytes + 1, sizeof(whole));
    constexpr double kPowers[] = {1, 10, 100, 1e-3, 4096, 1e15};
    const unsigned way = bytes[0] % 8;
    time = bytes[0] >= 128 ? number : time + 10'000 + bytes[0] / 32u;
    samples.time_millis.push_back(static_cast<int64_t>(time));
    samples.values.push_back(way < 6 ? whole / kPowers[way] : value);
  }
  return samples;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  SampleColumns decoded;
  const absl::string_view block(reinterpret_cast<const char*>(bytes), size);
  if (ora::storage::DecodeTailBlock(block, decoded).ok()) {
    if (decoded.size() != decoded.values.size()) std::abort();
    ExpectRoundTrip(decoded);
  } else if (decoded.size() != 0 || !decoded.values.empty()) {
    std::abort();
  }
  const SampleColumns samples = SamplesFrom(bytes, size);
  if (samples.size() > 0) ExpectRoundTrip(samples);
  return 0;
}
