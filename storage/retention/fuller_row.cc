#include "storage/retention/fuller_row.h"

#include <cstddef>
#include <map>

#include "absl/types/optional.h"

namespace ora::storage {
namespace {

// What a row knows of one bucket.
struct KnownBucket {
  const TierRow* row = nullptr;
  size_t at = 0;      // Where its columns are, if there is a sample.
  int64_t count = 0;  // Of samples.
  absl::optional<int64_t> stale_millis;
};

using KnownBuckets = std::map<int64_t, KnownBucket>;

KnownBuckets BucketsOf(const TierRow& row) {
  KnownBuckets buckets;
  for (size_t i = 0; i < row.size(); ++i) {
    buckets[BucketOf(row.resolution, row.last_millis[i])] = {&row, i, row.count[i], {}};
  }
  for (const int64_t time : row.stale_millis) {
    KnownBucket& bucket = buckets[BucketOf(row.resolution, time)];
    bucket.row = &row;
    bucket.stale_millis = time;
  }
  return buckets;
}

void AppendBucket(const KnownBucket& bucket, TierRow& row) {
  if (bucket.count > 0) {
    // The first of all is the first of its own row too.
    if (row.size() == 0) row.first = bucket.row->first;
    row.last_millis.push_back(bucket.row->last_millis[bucket.at]);
    row.count.push_back(bucket.count);
    row.sum.push_back(bucket.row->sum[bucket.at]);
    row.min.push_back(bucket.row->min[bucket.at]);
    row.max.push_back(bucket.row->max[bucket.at]);
    row.last.push_back(bucket.row->last[bucket.at]);
  }
  if (bucket.stale_millis) row.stale_millis.push_back(*bucket.stale_millis);
}

}  // namespace

TierRow FullerRow(const TierRow& stored, const TierRow& fresh) {
  KnownBuckets buckets = BucketsOf(fresh);
  bool gone = false;
  for (const auto& [at, bucket] : BucketsOf(stored)) {
    KnownBucket& now = buckets[at];
    if (now.row != nullptr && now.count >= bucket.count) continue;
    now = bucket;
    gone = true;
  }
  if (!gone) return fresh;
  TierRow row;
  row.resolution = fresh.resolution;
  for (const auto& [at, bucket] : buckets) AppendBucket(bucket, row);
  return row;
}

}  // namespace ora::storage
