// Bytes a sample and samples a second of the chunk codec, per kind of series of workload W1 (101
// series a host, a sample every 10 s) and for the whole mix, beside two peers: Gorilla's coding,
// and zstd over the plain values. Each benchmark is named KIND/SAMPLES A CHUNK/WHAT.
#include <benchmark/benchmark.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/tail_block.h"
#include "tests/bench/codec/gorilla.h"

namespace {

using ora::storage::ChunkDecoder;
using ora::storage::ChunkEffort;
using ora::storage::ChunkEncoder;
using ora::storage::SampleColumns;

enum Kind : size_t {
  kCounter,
  kIntegerGauge,
  kLargeGauge,
  kTwoDecimals,
  kBytes,
  kConstant,
  kRandom,
  kKinds
};
constexpr std::array<const char*, kKinds> kNames = {
    "integer_counter", "integer_gauge", "large_gauge",  "2_decimal_gauge",
    "byte_counter",    "constant",      "random_double"};
// How many of W1's 101 series a host are of each kind.
constexpr std::array<size_t, kKinds> kShare = {44, 21, 14, 12, 5, 5, 0};
// Half an hour, six hours and a day at 10 s.
constexpr size_t kSizes[] = {180, 2160, 8640};
// As many samples of a kind as make one round, so that short chunks are not always the same one.
constexpr size_t kRound = 8640;

double Bounced(double value) { return value < 0 ? -value : value > 100 ? 200 - value : value; }

SampleColumns Series(Kind kind, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed * kKinds + kind);
  std::normal_distribution<double> normal;
  SampleColumns series;
  double walk = kind == kLargeGauge ? 4294967296.0 : kind == kCounter || kind == kBytes ? 0 : 50;
  for (size_t i = 0; i < count; ++i) {
    series.time_millis.push_back(1'700'000'000'123 + static_cast<int64_t>(i) * 10'000);
    double value = walk;
    switch (kind) {
      case kCounter:
        walk += std::max(0.0, std::round(50 + 10 * normal(random)));
        break;
      case kIntegerGauge:
        value = std::floor(walk);
        walk = Bounced(walk + normal(random));
        break;
      case kLargeGauge:
        walk += 4096 * std::round(148 * normal(random));
        break;
      case kTwoDecimals:
        value = std::round(walk * 100) / 100;
        walk = Bounced(walk + normal(random));
        break;
      case kBytes:
        walk += static_cast<double>(random() % 200'001);
        break;
      case kRandom:
        value = normal(random);
        break;
      case kConstant:
      case kKinds:
        break;
    }
    series.values.push_back(value);
  }
  return series;
}

// What a benchmark works on: pieces of `count` samples each.
struct Input {
  std::vector<SampleColumns> pieces;
  size_t samples = 0;
};

void AddPieces(Kind kind, size_t count, size_t pieces, uint64_t seed, Input& input) {
  const SampleColumns series = Series(kind, count * pieces, seed);
  for (size_t i = 0; i < pieces; ++i) {
    const auto from = static_cast<std::ptrdiff_t>(i * count);
    const auto to = from + static_cast<std::ptrdiff_t>(count);
    input.pieces.push_back({{series.time_millis.begin() + from, series.time_millis.begin() + to},
                            {series.values.begin() + from, series.values.begin() + to}});
    input.samples += count;
  }
}

Input OfKind(Kind kind, size_t count) {
  Input input;
  AddPieces(kind, count, std::max<size_t>(1, kRound / count), 1, input);
  return input;
}

Input Mix(size_t count) {  // One host's 101 series.
  Input input;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    for (size_t i = 0; i < kShare[kind]; ++i)
      AddPieces(static_cast<Kind>(kind), count, 1, i, input);
  }
  return input;
}

struct Codec {
  std::function<void(const SampleColumns&, std::string&)> encode;          // Replaces the string.
  std::function<void(const std::string&, size_t, SampleColumns&)> decode;  // Replaces the columns.
};

Codec Chunks(ChunkEffort effort) {
  auto encoder = std::make_shared<ChunkEncoder>();
  auto decoder = std::make_shared<ChunkDecoder>();
  return {[=](const SampleColumns& samples, std::string& bytes) {
            bytes.clear();
            encoder->Append(samples.time_millis, samples.values, effort, bytes);
          },
          [=](const std::string& bytes, size_t, SampleColumns& samples) {
            samples.clear();
            if (!decoder->Append(bytes, samples).ok()) std::abort();
          }};
}

Codec Gorilla() {
  return {[](const SampleColumns& samples, std::string& bytes) {
            bytes = ora::bench::EncodeGorilla(samples);
          },
          [](const std::string& bytes, size_t count, SampleColumns& samples) {
            ora::bench::DecodeGorilla(bytes, count, samples);
          }};
}

// Of the values alone: the times cost it nothing.
Codec PlainZstd() {
  return {
      [](const SampleColumns& samples, std::string& bytes) {
        const size_t plain = samples.size() * sizeof(double);
        bytes.resize(ZSTD_compressBound(plain));
        bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), samples.values.data(), plain, 1));
      },
      [](const std::string& bytes, size_t count, SampleColumns& samples) {
        samples.time_millis.resize(count);
        samples.values.resize(count);
        ZSTD_decompress(samples.values.data(), count * sizeof(double), bytes.data(), bytes.size());
      }};
}

Codec TailBlocks() {
  return {[](const SampleColumns& samples, std::string& bytes) {
            bytes.resize(ora::storage::kTailBlockBytesMax);
            bytes.resize(ora::storage::EncodeTailBlock(samples.time_millis, samples.values,
                                                       reinterpret_cast<uint8_t*>(bytes.data())));
          },
          [](const std::string& bytes, size_t, SampleColumns& samples) {
            samples.clear();
            if (!ora::storage::DecodeTailBlock(bytes, samples).ok()) std::abort();
          }};
}

void Encode(benchmark::State& state, const Input& input, const Codec& codec) {
  size_t bytes = 0;
  std::string encoded;
  for (auto _ : state) {
    bytes = 0;
    for (const SampleColumns& piece : input.pieces) {
      codec.encode(piece, encoded);
      bytes += encoded.size();
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * input.samples));
  state.counters["bytes_per_sample"] =
      static_cast<double>(bytes) / static_cast<double>(input.samples);
}

void Decode(benchmark::State& state, const Input& input, const Codec& codec) {
  std::vector<std::string> encoded(input.pieces.size());
  for (size_t i = 0; i < encoded.size(); ++i) codec.encode(input.pieces[i], encoded[i]);
  SampleColumns decoded;
  for (auto _ : state) {
    for (size_t i = 0; i < encoded.size(); ++i) {
      codec.decode(encoded[i], input.pieces[i].size(), decoded);
      benchmark::DoNotOptimize(decoded.values.data());
    }
  }
  if (std::memcmp(decoded.values.data(), input.pieces.back().values.data(),
                  decoded.size() * sizeof(double)) != 0) {
    state.SkipWithError("other values came back");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * input.samples));
}

void Register(const std::string& name, const std::string& what, const Input& input,
              const Codec& codec) {
  benchmark::RegisterBenchmark((name + "/" + what + "encode").c_str(), Encode, input, codec);
  benchmark::RegisterBenchmark((name + "/" + what + "decode").c_str(), Decode, input, codec);
}

void RegisterAll(const std::string& name, const std::function<Input(size_t)>& input) {
  for (size_t count : kSizes) {
    const std::string sized = name + "/" + std::to_string(count);
    Register(sized, "", input(count), Chunks(ChunkEffort::kBest));
    Register(sized, "fast_", input(count), Chunks(ChunkEffort::kFast));
    Register(sized, "gorilla_", input(count), Gorilla());
    Register(sized, "zstd1_", input(count), PlainZstd());
  }
  const size_t tail = ora::storage::kTailBlockSamplesMax;
  Register(name + "/" + std::to_string(tail), "tail_", input(tail), TailBlocks());
}

}  // namespace

int main(int argc, char** argv) {
  for (size_t kind = 0; kind < kKinds; ++kind) {
    RegisterAll(kNames[kind], [=](size_t count) { return OfKind(static_cast<Kind>(kind), count); });
  }
  RegisterAll("w1", Mix);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
