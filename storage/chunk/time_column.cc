#include "storage/chunk/time_column.h"

#include <vector>

#include "storage/chunk/integer_column.h"

namespace ora::storage {
namespace {

enum class TimeCoding : uint8_t { kRuns = 0, kSteps = 1 };

uint64_t Step(absl::Span<const int64_t> times, size_t i) {
  return static_cast<uint64_t>(times[i + 1]) - static_cast<uint64_t>(times[i]);
}

std::string EncodeRuns(absl::Span<const int64_t> times) {
  std::string runs;
  for (size_t i = 0; i + 1 < times.size();) {
    const uint64_t step = Step(times, i);
    size_t end = i + 1;
    while (end + 1 < times.size() && Step(times, end) == step) ++end;
    AppendVarint(step, runs);
    AppendVarint(end - i, runs);
    i = end;
  }
  return runs;
}

bool ReadRuns(ByteReader& reader, absl::Span<int64_t> times) {
  uint64_t time = static_cast<uint64_t>(times[0]);
  for (size_t i = 1; i < times.size();) {
    const uint64_t step = reader.Varint();
    const uint64_t count = reader.Varint();
    if (!reader.ok() || count == 0 || count > times.size() - i) return false;
    for (const size_t end = i + count; i < end; ++i) {
      time += step;
      times[i] = static_cast<int64_t>(time);
    }
  }
  return true;
}

bool ReadSteps(ByteReader& reader, absl::Span<int64_t> times) {
  if (times.size() < 2) return false;
  if (!ReadIntegers(reader, times.subspan(1))) return false;
  uint64_t time = static_cast<uint64_t>(times[0]);
  for (size_t i = 1; i < times.size(); ++i) {
    time += static_cast<uint64_t>(times[i]);
    times[i] = static_cast<int64_t>(time);
  }
  return true;
}

}  // namespace

void AppendTimes(absl::Span<const int64_t> time_millis, std::string& bytes) {
  AppendVarint(ZigZag(time_millis[0]), bytes);
  const std::string runs = EncodeRuns(time_millis);
  std::string packed;
  // Below a byte a sample, packed steps are not worth the attempt.
  if (runs.size() > time_millis.size() / 8 + 16) {
    std::vector<int64_t> steps(time_millis.size() - 1);
    for (size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<int64_t>(Step(time_millis, i));
    AppendIntegers(steps, packed);
  }
  const bool pack = !packed.empty() && packed.size() < runs.size();
  AppendByte(static_cast<uint8_t>(pack ? TimeCoding::kSteps : TimeCoding::kRuns), bytes);
  bytes += pack ? packed : runs;
}

bool ReadTimes(ByteReader& reader, absl::Span<int64_t> time_millis) {
  time_millis[0] = UnZigZag(reader.Varint());
  const uint8_t coding = reader.Byte();
  if (!reader.ok() || coding > static_cast<uint8_t>(TimeCoding::kSteps)) return false;
  const bool read = static_cast<TimeCoding>(coding) == TimeCoding::kRuns
                        ? ReadRuns(reader, time_millis)
                        : ReadSteps(reader, time_millis);
  if (!read) return false;
  bool ascending = true;
  for (size_t i = 1; i < time_millis.size(); ++i) {
    ascending &= time_millis[i - 1] < time_millis[i];
  }
  return ascending;
}

}  // namespace ora::storage
