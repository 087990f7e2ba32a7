// A value at an instant, and the NaN that ends a series.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ora::storage {

struct Sample {
  int64_t time_millis = 0;  // Since the Unix epoch, UTC.
  double value = 0;
};

// Prometheus's staleness marker: a NaN with these very bits says that the series has ended.
inline constexpr uint64_t kStaleMarkerBits = 0x7ff0000000000002;
inline double StaleMarker() { return std::bit_cast<double>(kStaleMarkerBits); }
inline bool IsStaleMarker(double value) {
  return std::bit_cast<uint64_t>(value) == kStaleMarkerBits;
}

// Samples of one series as two columns of one length, times strictly ascending.
struct SampleColumns {
  std::vector<int64_t> time_millis;
  std::vector<double> values;

  void clear() {
    time_millis.clear();
    values.clear();
  }
  size_t size() const { return time_millis.size(); }
};

// Both ends included, milliseconds since the Unix epoch.
struct TimeRange {
  int64_t start_millis = 0;
  int64_t end_millis = 0;
};

}  // namespace ora::storage
