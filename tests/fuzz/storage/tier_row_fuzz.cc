// Decodes the input as a row of a tier; and makes samples of it, downsamples them, and reads the
// row back.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "storage/retention/downsample.h"
#include "storage/retention/tier_row.h"

namespace ora::storage {
namespace {

constexpr Day kDay = 20'000;

// What is written again is the same bytes, so NaNs need no comparison of their own.
void ExpectStable(const TierRow& row) {
  const std::string bytes = EncodeTierRow(row, kDay);
  const auto decoded = DecodeTierRow(bytes, kDay);
  if (!decoded.ok() || EncodeTierRow(*decoded, kDay) != bytes) std::abort();
  if (decoded->size() != row.size() || decoded->stale_millis != row.stale_millis) std::abort();
  if (row.size() > 0 &&
      std::memcmp(decoded->sum.data(), row.sum.data(), row.size() * sizeof(double)) != 0) {
    std::abort();
  }
}

SampleColumns SamplesFrom(const uint8_t* bytes, size_t size) {
  SampleColumns samples;
  int64_t offset = 0;
  for (; size >= 10 && offset < kDayMillis; bytes += 10, size -= 10) {
    double value;
    if (bytes[1] % 4 == 0) {
      std::memcpy(&value, bytes + 2, sizeof(value));
    } else if (bytes[1] % 4 == 1) {
      value = StaleMarker();
    } else {  // A decimal, which random bits never are.
      int16_t whole;
      std::memcpy(&whole, bytes + 2, sizeof(whole));
      value = whole / 100.0;
    }
    samples.time_millis.push_back(StartOf(kDay) + offset);
    samples.values.push_back(value);
    offset += 1 + bytes[0] * int64_t{bytes[0]} * 30;
  }
  return samples;
}

void CheckDecoder(absl::string_view bytes) {
  const auto decoded = DecodeTierRow(bytes, kDay);
  if (decoded.ok()) ExpectStable(*decoded);
}

void CheckRoundTrip(const SampleColumns& samples) {
  for (const Resolution resolution : {Resolution::kFiveMinutes, Resolution::kOneHour}) {
    ExpectStable(Downsample(samples, resolution, MetricKind::kUnknown));
    ExpectStable(Downsample(samples, resolution, MetricKind::kCounter));
  }
}

}  // namespace
}  // namespace ora::storage

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  ora::storage::CheckDecoder(absl::string_view(reinterpret_cast<const char*>(bytes), size));
  ora::storage::CheckRoundTrip(ora::storage::SamplesFrom(bytes, size));
  return 0;
}
