// What a tier keeps of one series and one UTC day: a bucket for each 5 minutes or hour that has
// samples; and its bytes. No I/O, no state, any thread.
//
// The layout is in README.md of this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/rocks/keys.h"
#include "storage/sample.h"

namespace ora::storage {

// Of a tier; 0 for raw samples, which have none. Buckets are aligned to the epoch.
constexpr int64_t BucketMillis(Resolution resolution) {
  switch (resolution) {
    case Resolution::kRaw:
      return 0;
    case Resolution::kFiveMinutes:
      return 5 * 60'000;
    case Resolution::kOneHour:
      return 60 * 60'000;
  }
  return 0;
}

// The number of the bucket that a time lies in, counted from the epoch, before it too.
constexpr int64_t BucketOf(Resolution resolution, int64_t time_millis) {
  const int64_t width = BucketMillis(resolution);
  return time_millis / width - (time_millis % width < 0 ? 1 : 0);
}

// Whether the resets of the day are kept, so that increases over whole buckets come out exact.
enum class CounterResets : uint8_t { kNotKept = 0, kKept = 1 };

// In a counter's bucket the value fell, and not only in that its last value is below the one of the
// bucket before (the day's first value, for the first bucket): then the last values do not tell how
// much it grew.
struct ResetLoss {
  uint32_t bucket = 0;  // Index into the columns.
  // The sum of the values right before each fall in the bucket, the fall into it included. The
  // increase over the bucket is its last value - the last one before + lost.
  double lost = 0;

  friend bool operator==(const ResetLoss& a, const ResetLoss& b) = default;
};

// Columns with one entry for each bucket that has a sample, in order of time. Staleness markers are
// no samples.
struct TierRow {
  Resolution resolution = Resolution::kFiveMinutes;
  std::vector<int64_t> last_millis;  // Time of the bucket's last sample; tells which bucket it is.
  std::vector<int64_t> count;        // At least 1.
  std::vector<double> sum;           // Neumaier's sum; NaN if there is a NaN.
  std::vector<double> min;           // NaN only if all values are.
  std::vector<double> max;
  std::vector<double> last;

  Sample first;  // The day's first sample; meaningless without buckets.
  CounterResets counter_resets = CounterResets::kNotKept;
  std::vector<ResetLoss> resets;  // In order, at most one a bucket. Empty unless they are kept.

  // Staleness markers after which nothing came in their bucket, in order.
  std::vector<int64_t> stale_millis;

  size_t size() const { return last_millis.size(); }
};

// A row of what Downsample makes of samples of `day`. Anything else is a bug of the caller and
// aborts.
std::string EncodeTierRow(const TierRow& row, Day day);

// Any bytes are safe to pass. DATA_LOSS: they are no row of that day, or a damaged one. A row bears
// no checksum of its own.
absl::StatusOr<TierRow> DecodeTierRow(absl::string_view bytes, Day day);

}  // namespace ora::storage
