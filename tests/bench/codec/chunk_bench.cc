// Bytes a sample and samples a second of the chunk codec, per kind of series of workload W1 (101
// series a host, a sample every 10 s) and for the whole mix.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "storage/chunk/chunk_codec.h"

namespace {

enum Kind : int { kCounter, kIntegerGauge, kPageGauge, kTwoDecimals, kBytes, kConstant, kRandom };
constexpr const char* kNames[] = {"counter",         "integer gauge", "large gauge",
                                  "2-decimal gauge", "byte counter",  "constant",
                                  "random double"};
// How many of W1's 101 series a host are of each kind.
constexpr int kShare[] = {44, 21, 14, 12, 5, 5, 0};

double Bounced(double value) { return value < 0 ? -value : value > 100 ? 200 - value : value; }

ora::storage::SampleColumns Series(Kind kind, size_t count) {
  std::mt19937_64 random(static_cast<uint64_t>(kind) + 1);
  std::normal_distribution<double> normal;
  ora::storage::SampleColumns series;
  double walk = kind == kPageGauge ? 4294967296.0 : kind == kCounter || kind == kBytes ? 0 : 50;
  for (size_t i = 0; i < count; ++i) {
    series.time_millis.push_back(1'700'000'000'000 + static_cast<int64_t>(i) * 10'000);
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
    series.values.push_back(value);
  }
  return series;
}

void Encode(benchmark::State& state) {
  const auto series = Series(static_cast<Kind>(state.range(0)), state.range(1));
  size_t size = 0;
  for (auto _ : state) {
    size = ora::storage::EncodeChunk(series.time_millis, series.values,
                                     ora::storage::ChunkEffort::kBest)
               .size();
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["bytes_per_sample"] = static_cast<double>(size) / state.range(1);
}

void Decode(benchmark::State& state) {
  const auto series = Series(static_cast<Kind>(state.range(0)), state.range(1));
  const std::string chunk = ora::storage::EncodeChunk(series.time_millis, series.values,
                                                      ora::storage::ChunkEffort::kBest);
  ora::storage::SampleColumns decoded;
  for (auto _ : state) {
    decoded.clear();
    if (!ora::storage::DecodeChunk(chunk, decoded).ok()) state.SkipWithError("damaged chunk");
    benchmark::DoNotOptimize(decoded.values.data());
  }
  state.SetLabel(kNames[state.range(0)]);
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["bytes_per_sample"] =
      static_cast<double>(chunk.size()) / static_cast<double>(state.range(1));
}

// One host's 101 series.
void DecodeW1(benchmark::State& state) {
  std::vector<std::string> chunks;
  size_t bytes = 0;
  for (int kind = 0; kind <= kConstant; ++kind) {
    const auto series = Series(static_cast<Kind>(kind), state.range(0));
    for (int i = 0; i < kShare[kind]; ++i) {
      chunks.push_back(ora::storage::EncodeChunk(series.time_millis, series.values,
                                                 ora::storage::ChunkEffort::kBest));
      bytes += chunks.back().size();
    }
  }
  ora::storage::SampleColumns decoded;
  for (auto _ : state) {
    for (const std::string& chunk : chunks) {
      decoded.clear();
      if (!ora::storage::DecodeChunk(chunk, decoded).ok()) state.SkipWithError("damaged chunk");
      benchmark::DoNotOptimize(decoded.values.data());
    }
  }
  const auto samples = static_cast<int64_t>(chunks.size()) * state.range(0);
  state.SetItemsProcessed(state.iterations() * samples);
  state.counters["bytes_per_sample"] = static_cast<double>(bytes) / static_cast<double>(samples);
}

// An hour and a day at 10 s.
BENCHMARK(Encode)->ArgsProduct({benchmark::CreateDenseRange(kCounter, kRandom, 1), {360, 8640}});
BENCHMARK(Decode)->ArgsProduct({benchmark::CreateDenseRange(kCounter, kRandom, 1), {360, 8640}});
BENCHMARK(DecodeW1)->Arg(360)->Arg(2160)->Arg(8640);

}  // namespace
