// Bytes a bucket of a tier's rows, and what a day costs to downsample and to read, per kind of
// series of workload W1 (101 series a host, a sample every 10 s) and for the whole mix.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "storage/chunk/chunk_codec.h"
#include "storage/retention/downsample.h"
#include "storage/retention/tier_row.h"
#include "tests/bench/workload/w1_series.h"

namespace {

using ora::storage::Day;
using ora::storage::Downsample;
using ora::storage::Resolution;
using ora::storage::SampleColumns;
using ora::storage::TierRow;

// One of each of W1's kinds, and what no coding makes small.
constexpr const char* kNames[] = {"counter",         "integer gauge", "large gauge",
                                  "2-decimal gauge", "byte counter",  "constant",
                                  "random double"};
constexpr int64_t kRandomDoubles = ora::bench::kSeriesKinds;
constexpr Day kDay = 19'675;
constexpr int64_t kStepMillis = 10'000;
// Of a row: slot, id and day, and the checksum behind the value.
constexpr size_t kKeyAndChecksumBytes = 14;

// A day of one host's 101 series.
std::vector<SampleColumns> DayOfHost() {
  return ora::bench::W1Series({.step_millis = kStepMillis}, ora::storage::StartOf(kDay),
                              ora::storage::kDayMillis / kStepMillis);
}

SampleColumns DayOf(int64_t kind) {
  const std::vector<SampleColumns> host = DayOfHost();
  if (kind == kRandomDoubles) return ora::bench::RandomDoubles(host[0]);
  return host[ora::bench::FirstOfKind(static_cast<ora::bench::SeriesKind>(kind))];
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
  const SampleColumns day = DayOf(state.range(0));
  for (auto _ : state) {
    const TierRow row = Downsample(day, ResolutionOf(state), ora::storage::MetricKind::kUnknown);
    benchmark::DoNotOptimize(ora::storage::EncodeTierRow(row, kDay));
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(day.size()));
  Report(Measure(day, ResolutionOf(state)), state);
}

void ReadRow(benchmark::State& state) {
  const SampleColumns day = DayOf(state.range(0));
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
  const std::vector<SampleColumns> host = DayOfHost();
  RowSize sum;
  for (auto _ : state) {
    sum = {};
    for (const SampleColumns& day : host) {
      const RowSize size = Measure(day, ResolutionOf(state));
      sum.buckets += size.buckets;
      sum.row_bytes += size.row_bytes;
      sum.raw_bytes += size.raw_bytes;
    }
  }
  Report(sum, state);
}

constexpr int64_t kFive = static_cast<int64_t>(Resolution::kFiveMinutes);
constexpr int64_t kHour = static_cast<int64_t>(Resolution::kOneHour);
BENCHMARK(MakeRow)->ArgsProduct({benchmark::CreateDenseRange(0, kRandomDoubles, 1),
                                 {kFive, kHour}});
BENCHMARK(ReadRow)->ArgsProduct({benchmark::CreateDenseRange(0, kRandomDoubles, 1),
                                 {kFive, kHour}});
BENCHMARK(MakeRowsW1)->ArgsProduct({{0}, {kFive, kHour}});

}  // namespace
