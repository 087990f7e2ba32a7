#include "storage/retention/tier_samples.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace ora::storage {
namespace {

struct FunctionColumn {
  absl::string_view function;
  TierColumn column;
};

constexpr FunctionColumn kFunctionColumns[] = {
    {"rate", TierColumn::kCounter},      {"increase", TierColumn::kCounter},
    {"irate", TierColumn::kCounter},     {"resets", TierColumn::kCounter},
    {"min_over_time", TierColumn::kMin}, {"max_over_time", TierColumn::kMax},
    {"sum_over_time", TierColumn::kSum}, {"avg_over_time", TierColumn::kMean},
};

// Functions of a range that the last value of each bucket answers as well as all samples would, but
// for the buckets at the range's ends.
constexpr absl::string_view kAnsweredByLast[] = {"last_over_time", "present_over_time",
                                                 "absent_over_time"};

absl::string_view NameOf(TierColumn column) {
  switch (column) {
    case TierColumn::kLast:
      return "last value";
    case TierColumn::kCounter:
      return "last value and resets";
    case TierColumn::kMin:
      return "minimum";
    case TierColumn::kMax:
      return "maximum";
    case TierColumn::kSum:
      return "sum";
    case TierColumn::kMean:
      return "mean";
  }
  return "last value";
}

// Why the answer may differ from the one that all samples would give.
absl::string_view CaveatOf(absl::string_view function, TierColumn column) {
  if (column == TierColumn::kMean) return "; it is exact where all buckets have as many samples";
  if (function == "irate") return "; it is the rate over the last bucket";
  if (function == "resets") return "; several resets of a bucket count as one";
  const bool of_range = absl::EndsWith(function, "_over_time") || function == "changes" ||
                        function == "delta" || function == "idelta" || function == "deriv" ||
                        function == "predict_linear" || function == "double_exponential_smoothing";
  const bool answered = std::find(std::begin(kAnsweredByLast), std::end(kAnsweredByLast),
                                  function) != std::end(kAnsweredByLast);
  return column == TierColumn::kLast && of_range && !answered ? "; it is not exact" : "";
}

void Append(const Sample& sample, SampleColumns& append_to) {
  append_to.time_millis.push_back(sample.time_millis);
  append_to.values.push_back(sample.value);
}

double ValueOf(const TierRow& row, TierColumn column, size_t i) {
  switch (column) {
    case TierColumn::kLast:
    case TierColumn::kCounter:
      return row.last[i];
    case TierColumn::kMin:
      return row.min[i];
    case TierColumn::kMax:
      return row.max[i];
    case TierColumn::kSum:
      return row.sum[i];
    case TierColumn::kMean:
      return row.sum[i] / static_cast<double>(row.count[i]);
  }
  return row.last[i];
}

// What a counter did between the last value of the bucket before and that of its own, as samples in
// between.
struct CounterStep {
  Sample from;
  Sample to;
  int64_t between_millis = 0;  // Half way, in the bucket.
  // Whether nothing tells that the series was away in between.
  bool continuous = false;
};

CounterStep StepTo(const TierRow& row, size_t i, const SampleColumns& appended) {
  CounterStep step;
  step.from = i == 0 ? row.first : Sample{row.last_millis[i - 1], row.last[i - 1]};
  step.to = {row.last_millis[i], row.last[i]};
  const int64_t bucket = BucketOf(row.resolution, step.to.time_millis);
  const bool adjacent = bucket - BucketOf(row.resolution, step.from.time_millis) <= 1;
  // A staleness marker was appended since.
  const bool ended =
      !appended.time_millis.empty() && appended.time_millis.back() > step.from.time_millis;
  step.continuous = adjacent && !ended;
  const int64_t start = bucket * BucketMillis(row.resolution);
  const int64_t begin = step.continuous ? step.from.time_millis : start - 1;
  step.between_millis = std::max(begin + (step.to.time_millis - begin) / 2, start);
  return step;
}

// From the value before to `lost`, from there down to the last value, by way of 0 if that is
// higher. A bucket of so many resets has samples enough that there is a millisecond for each.
void AppendReset(const CounterStep& step, double lost, SampleColumns& append_to) {
  int64_t time = step.between_millis;
  const auto append = [&](double value) {
    if (time >= step.to.time_millis) return;
    Append({time++, value}, append_to);
  };
  if (lost != step.from.value) append(lost);
  if (step.to.value >= lost) append(0);
}

void AppendHalfWay(const CounterStep& step, SampleColumns& append_to) {
  const bool apart =
      step.between_millis > step.from.time_millis && step.between_millis < step.to.time_millis;
  if (!step.continuous || !apart) return;
  if (step.to.value >= step.from.value) {
    const double risen = step.to.value - step.from.value;
    Append({step.between_millis, step.from.value + risen / 2}, append_to);
  } else if (step.to.value >= 0) {  // It began anew.
    Append({step.between_millis, step.to.value / 2}, append_to);
  }
}

}  // namespace

TierColumn ColumnFor(absl::string_view function) {
  for (const FunctionColumn& known : kFunctionColumns) {
    if (known.function == function) return known.column;
  }
  return TierColumn::kLast;
}

void AppendTierSamples(const TierRow& row, TierColumn column, SampleColumns& append_to) {
  auto marker = row.stale_millis.begin();
  auto reset = row.resets.begin();
  for (size_t i = 0; i < row.size(); ++i) {
    for (; marker != row.stale_millis.end() && *marker < row.last_millis[i]; ++marker) {
      Append({*marker, StaleMarker()}, append_to);
    }
    if (column == TierColumn::kCounter) {
      if (i == 0 && row.first.time_millis < row.last_millis[0]) Append(row.first, append_to);
      const CounterStep step = StepTo(row, i, append_to);
      if (reset != row.resets.end() && reset->bucket == i) {
        AppendReset(step, (reset++)->lost, append_to);
      } else {
        AppendHalfWay(step, append_to);
      }
    }
    Append({row.last_millis[i], ValueOf(row, column, i)}, append_to);
  }
  for (; marker != row.stale_millis.end(); ++marker) Append({*marker, StaleMarker()}, append_to);
}

std::string TierWarning(absl::string_view function, const TierUse& use) {
  const TierColumn column = ColumnFor(function);
  return absl::StrCat("downsampled: before ",
                      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(use.end_millis),
                                       absl::UTCTimeZone()),
                      " there is the ", NameOf(column), " of each ",
                      absl::FormatDuration(absl::Milliseconds(BucketMillis(use.coarsest))),
                      " in place of samples", CaveatOf(function, column));
}

}  // namespace ora::storage
