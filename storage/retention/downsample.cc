#include "storage/retention/downsample.h"

#include <cmath>

#include "absl/strings/match.h"
#include "storage/compensated_sum.h"

namespace ora::storage {
namespace {

constexpr absl::string_view kCounterEndings[] = {"_total", "_sum", "_count", "_bucket"};
// Something that falls in more than one of so many steps is no counter, whatever it is.
constexpr size_t kStepsPerFall = 20;

CounterResets JudgeResets(const SampleColumns& samples, MetricKind kind) {
  size_t steps = 0;
  size_t falls = 0;
  bool any = false;
  double before = 0;
  for (const double value : samples.values) {
    if (IsStaleMarker(value)) continue;
    if (!std::isfinite(value) || value < 0) return CounterResets::kNotKept;
    if (any) {
      ++steps;
      if (value < before) ++falls;
    }
    before = value;
    any = true;
  }
  const bool rises = kind == MetricKind::kCounter || falls * kStepsPerFall <= steps;
  return rises ? CounterResets::kKept : CounterResets::kNotKept;
}

// Builds the columns bucket by bucket.
class RowBuilder {
 public:
  RowBuilder(Resolution resolution, CounterResets resets) {
    row_.resolution = resolution;
    row_.counter_resets = resets;
  }

  void AddSample(int64_t time_millis, double value) {
    if (row_.size() == 0 || time_millis >= bucket_end_) {
      FinishBucket();
      BeginBucket(time_millis, value);
    } else {
      if (value < row_.min.back() || std::isnan(row_.min.back())) row_.min.back() = value;
      if (value > row_.max.back() || std::isnan(row_.max.back())) row_.max.back() = value;
    }
    if (row_.counter_resets == CounterResets::kKept && value < before_) lost_ += before_;
    before_ = value;
    sum_.Add(value);
    ++row_.count.back();
    row_.last.back() = value;
    row_.last_millis.back() = time_millis;
    if (!row_.stale_millis.empty()) DropMarkerOf(BucketOf(row_.resolution, time_millis));
  }

  void AddStaleMarker(int64_t time_millis) {
    DropMarkerOf(BucketOf(row_.resolution, time_millis));
    row_.stale_millis.push_back(time_millis);
  }

  TierRow Finish() {
    FinishBucket();
    return std::move(row_);
  }

 private:
  void BeginBucket(int64_t time_millis, double value) {
    if (row_.size() == 0) {
      row_.first = {time_millis, value};
      before_ = value;
    }
    bucket_end_ = (BucketOf(row_.resolution, time_millis) + 1) * BucketMillis(row_.resolution);
    entered_at_ = before_;
    lost_ = 0;
    sum_ = {};
    row_.last_millis.push_back(time_millis);
    row_.count.push_back(0);
    row_.min.push_back(value);
    row_.max.push_back(value);
    row_.last.push_back(value);
  }

  void FinishBucket() {
    if (row_.size() == row_.sum.size()) return;  // There is none.
    row_.sum.push_back(sum_.Total());
    if (row_.counter_resets == CounterResets::kNotKept) return;
    const double told_by_last_values = row_.last.back() < entered_at_ ? entered_at_ : 0;
    if (lost_ != told_by_last_values) {
      row_.resets.push_back({static_cast<uint32_t>(row_.size() - 1), lost_});
    }
  }

  // Something came after it in its bucket.
  void DropMarkerOf(int64_t bucket) {
    if (row_.stale_millis.empty()) return;
    if (BucketOf(row_.resolution, row_.stale_millis.back()) == bucket) {
      row_.stale_millis.pop_back();
    }
  }

  TierRow row_;
  int64_t bucket_end_ = 0;  // The first time after it.
  CompensatedSum sum_;
  double before_ = 0;      // The value before.
  double entered_at_ = 0;  // The one before the bucket's first.
  double lost_ = 0;
};

}  // namespace

MetricKind KindOf(const Labels& labels) {
  const absl::string_view name = labels.Get(kMetricNameLabel);
  for (const absl::string_view ending : kCounterEndings) {
    if (absl::EndsWith(name, ending)) return MetricKind::kCounter;
  }
  return MetricKind::kUnknown;
}

TierRow Downsample(const SampleColumns& samples, Resolution resolution, MetricKind kind) {
  RowBuilder builder(resolution, JudgeResets(samples, kind));
  for (size_t i = 0; i < samples.size(); ++i) {
    if (IsStaleMarker(samples.values[i])) {
      builder.AddStaleMarker(samples.time_millis[i]);
    } else {
      builder.AddSample(samples.time_millis[i], samples.values[i]);
    }
  }
  return builder.Finish();
}

}  // namespace ora::storage
