// Decodes the input as a chunk, and unpacks it as it is kept; and encodes it, as steps of time and
// float64, and reads it back, with both efforts.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/packed_column.h"

namespace {

using ora::storage::SampleColumns;

void ExpectSame(const std::string& bytes, const SampleColumns& samples) {
  SampleColumns read;
  if (!ora::storage::DecodeChunk(bytes, read).ok()) std::abort();
  if (read.time_millis != samples.time_millis || read.size() != samples.size()) std::abort();
  if (std::memcmp(read.values.data(), samples.values.data(), samples.size() * 8) != 0) std::abort();
}

// What is kept unpacked is what decoding gives, or both refuse.
void ExpectPacksAsDecoded(absl::string_view chunk, bool decodes, const SampleColumns& decoded) {
  const auto packed = ora::storage::PackedColumn::OfChunk(chunk);
  if (packed.ok() != decodes) std::abort();
  if (!decodes) return;
  SampleColumns read;
  packed->Read(0, packed->size(), 0, read);
  if (read.time_millis != decoded.time_millis) std::abort();
  if (std::memcmp(read.values.data(), decoded.values.data(), read.size() * 8) != 0) std::abort();
  const size_t middle = read.size() / 2;
  if (packed->CountBefore(read.time_millis[middle]) != middle) std::abort();
}

void ExpectRoundTrips(const SampleColumns& samples) {
  using ora::storage::ChunkEffort;
  for (const ChunkEffort effort : {ChunkEffort::kFast, ChunkEffort::kBest}) {
    const std::string chunk =
        ora::storage::EncodeChunk(samples.time_millis, samples.values, effort);
    if (ora::storage::ChunkSampleCount(chunk).value_or(0) != samples.size()) std::abort();
    ExpectSame(chunk, samples);
  }
}

SampleColumns SamplesFrom(const uint8_t* bytes, size_t size) {
  SampleColumns samples;
  int64_t time = 0;
  for (; size >= 10 && samples.size() < ora::storage::kChunkSamplesMax; bytes += 10, size -= 10) {
    time += 1 + bytes[0];
    double value;
    if (bytes[1] % 2 == 0) {
      std::memcpy(&value, bytes + 2, sizeof(value));
    } else {  // A decimal, which random bits never are.
      int16_t whole;
      std::memcpy(&whole, bytes + 2, sizeof(whole));
      value = whole / 100.0;
    }
    samples.time_millis.push_back(time);
    samples.values.push_back(value);
  }
  return samples;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  SampleColumns decoded;
  const absl::string_view chunk(reinterpret_cast<const char*>(bytes), size);
  const bool decodes = ora::storage::DecodeChunk(chunk, decoded).ok();
  ExpectPacksAsDecoded(chunk, decodes, decoded);
  if (decodes) {
    ExpectRoundTrips(decoded);
  } else if (decoded.size() != 0 || !decoded.values.empty()) {
    std::abort();
  }
  const SampleColumns samples = SamplesFrom(bytes, size);
  if (samples.size() > 0) {
    ExpectRoundTrips(samples);
  }
  return 0;
}
