#include "storage/chunk/time_column.h"

#include <algorithm>
#include <limits>

#include "storage/chunk/integer_column.h"

namespace ora::storage {
namespace {

enum class TimeCoding : uint8_t { kRuns = 0, kSteps = 1 };

// Below a byte a sample, packed steps are not worth the attempt.
size_t GoodRunsSize(size_t count) { return count / 8 + 16; }

uint64_t Step(absl::Span<const int64_t> times, size_t i) {
  return static_cast<uint64_t>(times[i + 1]) - static_cast<uint64_t>(times[i]);
}

// How many steps from `begin` on are like that one.
size_t RunLength(absl::Span<const int64_t> times, size_t begin) {
  constexpr size_t kBlock = 32;  // Compared at once, without a branch each.
  const uint64_t step = Step(times, begin);
  size_t end = begin + 1;
  while (end + kBlock < times.size()) {
    uint64_t differs = 0;
    for (size_t i = 0; i < kBlock; ++i) differs |= Step(times, end + i) ^ step;
    if (differs != 0) break;
    end += kBlock;
  }
  while (end + 1 < times.size() && Step(times, end) == step) ++end;
  return end - begin;
}

bool Ascend(absl::Span<const int64_t> times) {
  bool ascend = true;
  for (size_t i = 1; i < times.size(); ++i) ascend &= times[i - 1] < times[i];
  return ascend;
}

// Runs are appended until they take more than `size_max` bytes; false then.
bool AppendRuns(absl::Span<const int64_t> times, size_t size_max, std::string& runs) {
  for (size_t i = 0; i + 1 < times.size();) {
    const size_t length = RunLength(times, i);
    AppendVarint(Step(times, i), runs);
    AppendVarint(length, runs);
    if (runs.size() > size_max) return false;
    i += length;
  }
  return true;
}

bool ReadRuns(ByteReader& reader, absl::Span<int64_t> times) {
  uint64_t time = static_cast<uint64_t>(times[0]);
  for (size_t i = 1; i < times.size();) {
    const uint64_t step = reader.Varint();
    const uint64_t count = reader.Varint();
    if (!reader.ok() || count == 0 || count > times.size() - i) return false;
    // The distance to the last time there can be: so each of the run is above the one before.
    const uint64_t room = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) - time;
    if (step == 0 || step > room / count) return false;
    int64_t* const out = times.data() + i;
    for (size_t k = 0; k < count; ++k) out[k] = static_cast<int64_t>(time + (k + 1) * step);
    time += count * step;
    i += count;
  }
  return true;
}

bool ReadSteps(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> times) {
  if (times.size() < 2) return false;
  if (!ReadIntegers(reader, scratch, times.subspan(1))) return false;
  uint64_t time = static_cast<uint64_t>(times[0]);
  for (size_t i = 1; i < times.size(); ++i) {
    time += static_cast<uint64_t>(times[i]);
    times[i] = static_cast<int64_t>(time);
  }
  return Ascend(times);
}

}  // namespace

bool AppendTimes(absl::Span<const int64_t> time_millis, ChunkEffort effort, EncodeScratch& scratch,
                 std::string& bytes) {
  if (!Ascend(time_millis)) return false;
  AppendVarint(ZigZag(time_millis[0]), bytes);
  const size_t at = bytes.size();
  AppendByte(static_cast<uint8_t>(TimeCoding::kRuns), bytes);
  const size_t count = time_millis.size();
  if (AppendRuns(time_millis, at + GoodRunsSize(count), bytes)) return true;

  bytes.resize(at);
  scratch.steps.resize(count - 1);
  for (size_t i = 0; i + 1 < count; ++i) {
    scratch.steps[i] = static_cast<int64_t>(Step(time_millis, i));
  }
  AppendByte(static_cast<uint8_t>(TimeCoding::kSteps), bytes);
  AppendIntegers(scratch.steps, effort, scratch, bytes);
  const size_t packed_size = bytes.size() - at;
  std::string& runs = scratch.best;
  runs.assign(1, static_cast<char>(TimeCoding::kRuns));
  if (AppendRuns(time_millis, packed_size, runs) && runs.size() < packed_size) {
    bytes.replace(at, packed_size, runs);
  }
  return true;
}

bool ReadTimes(ByteReader& reader, DecodeScratch& scratch, absl::Span<int64_t> time_millis) {
  time_millis[0] = UnZigZag(reader.Varint());
  const uint8_t coding = reader.Byte();
  if (!reader.ok() || coding > static_cast<uint8_t>(TimeCoding::kSteps)) return false;
  return static_cast<TimeCoding>(coding) == TimeCoding::kRuns
             ? ReadRuns(reader, time_millis)
             : ReadSteps(reader, scratch, time_millis);
}

}  // namespace ora::storage
