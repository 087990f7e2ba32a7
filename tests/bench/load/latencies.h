// Times from sending to acknowledgement, and their quantiles.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace ora::bench {

// Counts in buckets that are 1 % wide, from 1 us to some minutes. Not thread-safe; merge those of
// several threads afterwards.
class Latencies {
 public:
  Latencies();

  void Add(absl::Duration latency);
  void Merge(const Latencies& other);
  void Clear();

  uint64_t count() const { return count_; }
  // The latency that `share` (0 to 1) of them do not exceed; 0 if there is none.
  absl::Duration Quantile(double share) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
};

}  // namespace ora::bench
