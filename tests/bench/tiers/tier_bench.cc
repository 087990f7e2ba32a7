// Bytes a bucket of a tier's rows, and what a day costs to downsample and to read, per kind of
// series of workload W1 (101 series a host, a sample every 10 s) and for the whole mix.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "storage/chunk/chunk_codec.h"
#include "storage/retention/downsample.h"
#include "storage/retention/tier_row.h"

namespace {

using ora::storage::Day;
using ora::storage::Downsample;
using ora::storage::Resolution;
using ora::storage::SampleColumns;
using ora::storage::TierRow;

enum Kind : int { kCounter, kIntegerGauge, kPageGauge, kTwoDecimals, kBytes, kConstant, kRandom };
constexpr const char* kNames[] = {"counter",         "integer gauge", "large gauge",
                                  "2-decimal gauge", "byte counter",  "constant",
                                  "random double"};
// How many of W1's 101 series a host are of each kind.
constexpr int kShare[] = {44, 21, 14, 12, 5, 5, 0};
constexpr Day kDay = 19'675;
constexpr int64_t kStepMillis = 10'000;
// Of a row: slot, id and day, and the checksum behind the value.
constexpr size_t kKeyAndChecksumBytes = 14;

double Bounced(double value) { return value < 0 ? -value : value > 100 ? 200 - value : value; }

SampleColumns DayOf(Kind kind) {
  std::mt19937_64 random(static_cast<uint64_t>(kind) + 1);
  std::normal_distribution<double> normal;
  SampleColumns series;
  double walk = kind == kPageGauge ? 4294967296.0 : kind == kCounter || kind == kBytes ? 0 : 50;
  const int64_t start = ora::storage::StartOf(kDay);
  for (int64_t time = start; time < start + ora::storage::kDayMillis; time += kStepMillis) {
    double value = walk;
    switch (kind) {
      case kCounter:
        walk += std::max(0.0, std::round(50 + 10 * normal(random)));
        break;
      case kIntegerGauge:
        value = std::floor(walk);
        walk = Bounced(walk + normal(random));
        break;
      case kPageGauge:
        walk += 4096 * std::round(148 * normal(random));
        break;
      case kTwoDecimals:
        value = std::round(walk * 100) / 100;
        walk = Bounced(walk + normal(random));
        break;
      case kBytes:
        walk += static_cast<double>(random() % 200'001);
        break;
      case kConstant:
        break;
      case kRandom:
        value = normal(random);
        break;
    }
    series.time_millis.push_back(time);
    series.values.push_back(value);
  }
  return series;
}

struct RowSize {
  size_t buckets = 0;
  size_t row_bytes = 0;
  size_t raw_bytes = 0;
};

RowSize Measure(const SampleColumns& day, Resolution resolution) {
  const TierRow row = Downsample(day, resolution, ora::storage::MetricKind::kUnknown);
  return {row.size(), ora::storage::EncodeTierRow(row, kDay).size() + kKeyAndChecksumBytes,
          ora::storage::EncodeChunk(day.time_millis, day.values, ora::storage::ChunkEffort::kBest)
                  .size() +
              kKeyAndChecksumBytes};
}

void Report(const RowSize& size, benchmark::State& state) {
  state.counters["bytes_per_bucket"] =
      static_cast<double>(size.row_bytes) / static_cast<double>(size.buckets);
  state.counters["percent_of_raw"] =
      100 * static_cast<double>(size.row_bytes) / static_cast<double>(size.raw_bytes);
}

Resolution ResolutionOf(const benchmark::State& state) {
  return static_cast<Resolution>(state.range(1));
}

void MakeRow(benchmark::State& state) {
  const SampleColumns day = DayOf(static_cast<Kind>(state.range(0)));
  for (auto _ : state) {
    const TierRow row = Downsample(day, ResolutionOf(state), ora::storage::MetricKind::kUnknown);
    benchmark::DoNotOptimize(ora::storage::EncodeTierRow(row, kDay));
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(day.size()));
  Report(Measure(day, ResolutionOf(state)), state);
}

void ReadRow(benchmark::State& state) {
  const SampleColumns day = DayOf(static_cast<Kind>(state.range(0)));
  const TierRow row = Downsample(day, ResolutionOf(state), ora::storage::MetricKind::kUnknown);
  const std::string bytes = ora::storage::EncodeTierRow(row, kDay);
  for (auto _ : state) {
    if (!ora::storage::DecodeTierRow(bytes, kDay).ok()) state.SkipWithError("damaged row");
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(row.size()));
}

// One host's 101 series.
void MakeRowsW1(benchmark::State& state) {
  std::vector<SampleColumns> days;
  for (int kind = 0; kind <= kConstant; ++kind) days.push_back(DayOf(static_cast<Kind>(kind)));
  RowSize sum;
  for (auto _ : state) {
    sum = {};
    for (int kind = 0; kind <= kConstant; ++kind) {
      const RowSize size = Measure(days[kind], ResolutionOf(state));
      sum.buckets += kShare[kind] * size.buckets;
      sum.row_bytes += kShare[kind] * size.row_bytes;
      sum.raw_bytes += kShare[kind] * size.raw_bytes;
    }
  }
  Report(sum, state);
}

constexpr int64_t kFive = static_cast<int64_t>(Resolution::kFiveMinutes);
constexpr int64_t kHour = static_cast<int64_t>(Resolution::kOneHour);
BENCHMARK(MakeRow)->ArgsProduct({benchmark::CreateDenseRange(kCounter, kRandom, 1),
                                 {kFive, kHour}});
BENCHMARK(ReadRow)->ArgsProduct({benchmark::CreateDenseRange(kCounter, kRandom, 1),
                                 {kFive, kHour}});
BENCHMARK(MakeRowsW1)->ArgsProduct({{0}, {kFive, kHour}});

}  // namespace
