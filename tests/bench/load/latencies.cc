#include "tests/bench/load/latencies.h"

#include <algorithm>
#include <cmath>

namespace ora::bench {
namespace {

constexpr double kBucketWidth = 1.01;
constexpr size_t kBuckets = 2'000;  // Up to 1.01^2,000 us: seven minutes.

}  // namespace

Latencies::Latencies() : buckets_(kBuckets) {}

void Latencies::Add(absl::Duration latency) {
  const double micros = std::max(1.0, absl::ToDoubleMicroseconds(latency));
  const auto bucket = static_cast<size_t>(std::log(micros) / std::log(kBucketWidth));
  ++buckets_[std::min(bucket, kBuckets - 1)];
  ++count_;
}

void Latencies::Merge(const Latencies& other) {
  for (size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
}

void Latencies::Clear() {
  std::fill(buckets_.begin(), buckets_.end(), 0);
  count_ = 0;
}

absl::Duration Latencies::Quantile(double share) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets && count_ > 0; ++i) {
    seen += buckets_[i];
    if (seen >= wanted) {
      return absl::Microseconds(std::pow(kBucketWidth, static_cast<double>(i) + 1));
    }
  }
  return absl::ZeroDuration();
}

}  // namespace ora::bench
