// Chunks as bytes: a reader of version 1 reads these for ever, and kFast writes the same with
// wide registers and without.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "storage/chunk/chunk_codec.h"

namespace ora::storage {
namespace {

struct Layout {
  const char* name;
  size_t count;
  std::function<double(int64_t)> value;
  const char* hexadecimal;
};

class ChunkLayoutTest : public testing::TestWithParam<Layout> {};

TEST_P(ChunkLayoutTest, IsAsItWas) {
  SampleColumns samples;
  for (size_t i = 0; i < GetParam().count; ++i) {
    samples.time_millis.push_back(1'700'000'000'000 + static_cast<int64_t>(i) * 10'000);
    samples.values.push_back(GetParam().value(static_cast<int64_t>(i)));
  }
  const std::string chunk = absl::HexStringToBytes(GetParam().hexadecimal);
  EXPECT_EQ(
      absl::BytesToHexString(EncodeChunk(samples.time_millis, samples.values, ChunkEffort::kFast)),
      GetParam().hexadecimal);
  SampleColumns read;
  ASSERT_EQ(DecodeChunk(chunk, read), absl::OkStatus());
  EXPECT_EQ(read.time_millis, samples.time_millis);
  EXPECT_EQ(read.values, samples.values);
}

INSTANTIATE_TEST_SUITE_P(
    Codings, ChunkLayoutTest,
    testing::Values(
        Layout{"Constant", 3, [](int64_t) { return 0.1; },
               "010380a0abfef96200904e02009a9999999999b93f"},
        Layout{"Plain", 2, [](int64_t i) { return i == 0 ? 1.0 / 3 : -2.0 / 7; },
               "010280a0abfef96200904e0101555555555555d53f922449922449d2bf"},
        Layout{"Xor", 9, [](int64_t i) { return i % 3 == 0 ? 1.0 / 3 : 1e9 / 3; },
               "010980a0abfef96200904e0803555555555555d53fc177f33458b5f99a2c5df99a2c5afccd162efccd1"
               "62c"},
        Layout{"Bits", 5, [](int64_t i) { return -1.0 / 3 + 0.01 * i; },
               "010580a0abfef96200904e040405abd5aad5aad5aad57fc6c2eba3e1f5510101000b"},
        Layout{"Slope", 100, [](int64_t i) { return 7.0 + 3 * i; },
               "016480a0abfef96200904e63020000010e06"},
        Layout{"Rice", 24, [](int64_t i) { return 0.25 * ((i * i * i) % 17); },
               "011880a0abfef96200904e170202000c9003190200074e4b9e1c3888659288ea10b14c"},
        Layout{"RiceWithAnOutlier", 40, [](int64_t i) { return i == 30 ? 1e9 : (i * i * i) % 7; },
               "012880a0abfef96200904e270200000c020102011efea7d6b9078168201a8806a2a1682067f24c9ec93"
               "37926cf"},
        Layout{"FramesOfMultiples", 20, [](int64_t i) { return i % 2 == 0 ? 4096.0 : 4096 * 16; },
               "011480a0abfef96200904e1302000004804080e0030100aaaa0a"},
        Layout{"Exception", 12, [](int64_t i) { return i == 5 ? -0.0 : 1 + i * i % 5; },
               "010c80a0abfef96200904e0b020001050000000000000080050205010300f4b0791001"}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ora::storage
