// Bytes a sample and samples a second of the chunk codec, per kind of series of workload W1 and for
// the 101 of one host, beside two peers: Gorilla's coding, and zstd over the plain values. Each
// benchmark is named KIND/SAMPLES A CHUNK/WHAT.
#include <benchmark/benchmark.h>
#include <zstd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/chunk/chunk_codec.h"
#include "storage/chunk/tail_block.h"
#include "tests/bench/codec/gorilla.h"
#include "tests/bench/workload/w1_series.h"

namespace {

using ora::bench::SeriesKind;
using ora::storage::ChunkDecoder;
using ora::storage::ChunkEffort;
using ora::storage::ChunkEncoder;
using ora::storage::SampleColumns;

// Half an hour, six hours and a day at 10 s: what sealings and merges make.
constexpr size_t kSizes[] = {180, 2160, 8640};
// As many samples of a kind as make one round, so that short chunks are not always the same one.
constexpr size_t kRound = 8640;
constexpr int64_t kStartMillis = 1'700'000'000'123;
constexpr int kZstdLevel = 1;

struct NamedKind {
  const char* name;
  SeriesKind kind;
};
constexpr NamedKind kKinds[] = {
    {"constant", SeriesKind::kConstant},          {"integer_counter", SeriesKind::kCounter},
    {"integer_gauge", SeriesKind::kIntegerGauge}, {"2_decimal_gauge", SeriesKind::kDecimalGauge},
    {"large_gauge", SeriesKind::kLargeGauge},     {"byte_counter", SeriesKind::kByteCounter}};

// What a benchmark works on: pieces of `count` samples each.
struct Input {
  std::vector<SampleColumns> pieces;
  size_t samples = 0;
};

// The first `pieces` of a series.
void AddPieces(const SampleColumns& series, size_t count, size_t pieces, Input& input) {
  for (size_t i = 0; i < pieces; ++i) {
    const auto from = static_cast<std::ptrdiff_t>(i * count);
    const auto to = from + static_cast<std::ptrdiff_t>(count);
    input.pieces.push_back({{series.time_millis.begin() + from, series.time_millis.begin() + to},
                            {series.values.begin() + from, series.values.begin() + to}});
    input.samples += count;
  }
}

Input OfOne(const SampleColumns& series, size_t count) {
  Input input;
  AddPieces(series, count, kRound / count, input);
  return input;
}

Input OfAll(const std::vector<SampleColumns>& host, size_t count) {
  Input input;
  for (const SampleColumns& series : host) AddPieces(series, count, 1, input);
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
        bytes.resize(
            ZSTD_compress(bytes.data(), bytes.size(), samples.values.data(), plain, kZstdLevel));
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
  const std::vector<SampleColumns> host = ora::bench::W1Series({}, kStartMillis, kRound);
  for (const NamedKind& each : kKinds) {
    const SampleColumns& series = host[ora::bench::FirstOfKind(each.kind)];
    RegisterAll(each.name, [&](size_t count) { return OfOne(series, count); });
  }
  const SampleColumns random = ora::bench::RandomDoubles(host[0]);
  RegisterAll("random_double", [&](size_t count) { return OfOne(random, count); });
  RegisterAll("w1", [&](size_t count) { return OfAll(host, count); });
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
