#include "storage/retention/tier_row.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "storage/chunk/byte_stream.h"
#include "storage/chunk/integer_column.h"
#include "storage/chunk/time_column.h"
#include "storage/retention/decimal_column.h"
#include "storage/retention/kept_scratch.h"

namespace ora::storage {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kResolutionBits = 3;
constexpr uint8_t kResetsKeptBit = 4;
constexpr uint8_t kNoExponent = 0xff;
constexpr uint8_t kFloats = 0;  // How a column is coded; the other numbers are expectations.

// What a decimal column's integers are expected to be.
enum class Expectation : uint8_t {
  kNothing = 1,        // 0.
  kLast = 2,           // The bucket's last value.
  kEnds = 3,           // The lower or higher of the last value and the one before.
  kLasts = 4,          // A sum: the count times the last value;
  kMiddleOfRange = 5,  // times the middle of minimum and maximum;
  kMiddleOfEnds = 6,   // times the middle of the last value and the one before;
  kMiddleOfAll = 7,    // times the mean of those four.
};

enum class Column { kLastValue, kMin, kMax, kSum };

absl::Span<const Expectation> ExpectationsOf(Column column) {
  static constexpr Expectation kLastOnes[] = {Expectation::kNothing};
  static constexpr Expectation kExtremes[] = {Expectation::kEnds, Expectation::kLast};
  static constexpr Expectation kSums[] = {Expectation::kLasts, Expectation::kMiddleOfRange,
                                          Expectation::kMiddleOfEnds, Expectation::kMiddleOfAll};
  switch (column) {
    case Column::kLastValue:
      return kLastOnes;
    case Column::kMin:
    case Column::kMax:
      return kExtremes;
    case Column::kSum:
      return kSums;
  }
  return {};
}

// The integers of the columns that are known so far, which both sides compute from the same bits.
struct KnownIntegers {
  std::vector<int64_t> before;  // The last value of the bucket before; the day's first value.
  std::vector<int64_t> last;
  std::vector<int64_t> min;
  std::vector<int64_t> max;

  void SetLast(const DecimalScale& scale, const TierRow& row) {
    std::vector<double> values = {row.first.value};
    values.insert(values.end(), row.last.begin(), row.last.end());
    before = scale.ToIntegers(values);
    last.assign(before.begin() + 1, before.end());
    before.pop_back();
  }
};

int64_t Expect(Expectation expectation, Column column, const TierRow& row,
               const KnownIntegers& known, size_t i) {
  const auto word = [](int64_t value) { return static_cast<uint64_t>(value); };
  const auto times_count = [&](uint64_t value, unsigned halvings) {
    return static_cast<int64_t>(word(row.count[i]) * value) >> halvings;
  };
  switch (expectation) {
    case Expectation::kNothing:
      return 0;
    case Expectation::kLast:
      return known.last[i];
    case Expectation::kEnds:
      return column == Column::kMin ? std::min(known.before[i], known.last[i])
                                    : std::max(known.before[i], known.last[i]);
    case Expectation::kLasts:
      return times_count(word(known.last[i]), 0);
    case Expectation::kMiddleOfRange:
      return times_count(word(known.min[i]) + word(known.max[i]), 1);
    case Expectation::kMiddleOfEnds:
      return times_count(word(known.before[i]) + word(known.last[i]), 1);
    case Expectation::kMiddleOfAll:
      return times_count(
          word(known.min[i]) + word(known.max[i]) + word(known.before[i]) + word(known.last[i]), 2);
  }
  return 0;
}

std::vector<int64_t> ExpectAll(Expectation expectation, Column column, const TierRow& row,
                               const KnownIntegers& known) {
  std::vector<int64_t> expected(row.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    expected[i] = Expect(expectation, column, row, known, i);
  }
  return expected;
}

// What the bits of a column of floats are expected to be like.
std::vector<double> ExpectFloats(Column column, const TierRow& row) {
  if (column == Column::kLastValue) return std::vector<double>(row.size(), 0.0);
  std::vector<double> expected = row.last;
  if (column != Column::kSum) return expected;
  for (size_t i = 0; i < expected.size(); ++i) {
    // The bits of a NaN that a machine computes are its own choice.
    if (!std::isnan(expected[i])) expected[i] *= static_cast<double>(row.count[i]);
  }
  return expected;
}

absl::Span<const double> ValuesOf(Column column, const TierRow& row) {
  switch (column) {
    case Column::kLastValue:
      return row.last;
    case Column::kMin:
      return row.min;
    case Column::kMax:
      return row.max;
    case Column::kSum:
      return row.sum;
  }
  return {};
}

void AppendColumn(Column column, const TierRow& row, const absl::optional<DecimalScale>& scale,
                  const KnownIntegers& known, std::string& bytes) {
  constexpr size_t kGoodDecimalBytes = 4;  // Above, floats are worth the attempt.
  const absl::Span<const double> values = ValuesOf(column, row);
  std::string best;
  if (scale.has_value()) {
    for (const Expectation expectation : ExpectationsOf(column)) {
      std::string coded;
      AppendByte(static_cast<uint8_t>(expectation), coded);
      AppendDecimals(*scale, values, ExpectAll(expectation, column, row, known), coded);
      if (best.empty() || coded.size() < best.size()) best = std::move(coded);
    }
  }
  if (best.empty() || best.size() > values.size() * kGoodDecimalBytes) {
    std::string coded;
    AppendByte(kFloats, coded);
    AppendFloats(values, ExpectFloats(column, row), coded);
    if (best.empty() || coded.size() < best.size()) best = std::move(coded);
  }
  bytes += best;
}

bool ReadColumn(ByteReader& reader, Column column, const TierRow& row,
                const absl::optional<DecimalScale>& scale, const KnownIntegers& known,
                std::vector<double>& values) {
  values.resize(row.size());
  const uint8_t coding = reader.Byte();
  if (coding == kFloats && reader.ok()) {
    return ReadFloats(reader, ExpectFloats(column, row), absl::MakeSpan(values));
  }
  const auto expectation = static_cast<Expectation>(coding);
  const absl::Span<const Expectation> allowed = ExpectationsOf(column);
  if (!scale.has_value() ||
      std::find(allowed.begin(), allowed.end(), expectation) == allowed.end()) {
    return false;
  }
  return ReadDecimals(reader, *scale, ExpectAll(expectation, column, row, known),
                      absl::MakeSpan(values));
}

double LastBefore(const TierRow& row, size_t bucket) {
  return bucket == 0 ? row.first.value : row.last[bucket - 1];
}

void AppendNumber(const absl::optional<DecimalScale>& scale, double value, double near,
                  std::string& bytes) {
  if (scale.has_value()) {
    AppendDecimal(*scale, value, near, bytes);
  } else {
    AppendFloats({value}, {near}, bytes);
  }
}

bool ReadNumber(ByteReader& reader, const absl::optional<DecimalScale>& scale, double near,
                double& value) {
  if (!scale.has_value()) return ReadFloats(reader, {near}, absl::MakeSpan(&value, 1));
  value = ReadDecimal(reader, *scale, near);
  return reader.ok();
}

void AppendResets(const TierRow& row, const absl::optional<DecimalScale>& scale,
                  std::string& bytes) {
  AppendVarint(row.resets.size(), bytes);
  uint32_t next = 0;
  for (const ResetLoss& reset : row.resets) {
    AppendVarint(reset.bucket - next, bytes);
    AppendNumber(scale, reset.lost, LastBefore(row, reset.bucket), bytes);
    next = reset.bucket + 1;
  }
}

bool ReadResets(ByteReader& reader, const absl::optional<DecimalScale>& scale, TierRow& row) {
  const uint64_t count = reader.Varint();
  if (count > row.size() || (count > 0 && row.counter_resets == CounterResets::kNotKept)) {
    return false;
  }
  size_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t skipped = reader.Varint();
    if (!reader.ok() || skipped >= row.size() - next) return false;
    ResetLoss reset{static_cast<uint32_t>(next + skipped), 0};
    if (!ReadNumber(reader, scale, LastBefore(row, reset.bucket), reset.lost)) return false;
    // The reader's way of telling a reset by values in between needs as much.
    if (!std::isfinite(reset.lost) || reset.lost < 0) return false;
    row.resets.push_back(reset);
    next = reset.bucket + 1;
  }
  return true;
}

void AppendStaleMarkers(const TierRow& row, int64_t day_start, std::string& bytes) {
  AppendVarint(row.stale_millis.size(), bytes);
  int64_t before = day_start;
  for (const int64_t time : row.stale_millis) {
    AppendVarint(static_cast<uint64_t>(time - before), bytes);
    before = time;
  }
}

// The times of a row's buckets or markers: of the day, each in a bucket of its own.
bool AreOfOwnBuckets(absl::Span<const int64_t> times, Resolution resolution, Day day) {
  int64_t bucket_before = -1;
  for (const int64_t time : times) {
    const int64_t offset = time - StartOf(day);
    const int64_t bucket = offset / BucketMillis(resolution);
    if (offset < 0 || offset >= kDayMillis || bucket <= bucket_before) return false;
    bucket_before = bucket;
  }
  return true;
}

bool ReadStaleMarkers(ByteReader& reader, Day day, TierRow& row) {
  const uint64_t count = reader.Varint();
  if (count > static_cast<uint64_t>(kDayMillis / BucketMillis(row.resolution))) return false;
  int64_t time = StartOf(day);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t step = reader.Varint();
    if (!reader.ok() || step >= static_cast<uint64_t>(kDayMillis)) return false;
    time += static_cast<int64_t>(step);
    row.stale_millis.push_back(time);
  }
  return reader.ok() && AreOfOwnBuckets(row.stale_millis, row.resolution, day);
}

// Only what the reader of the row relies on.
bool TimesAreSound(const TierRow& row, Day day) {
  if (row.size() == 0) return true;
  const int64_t width = BucketMillis(row.resolution);
  return AreOfOwnBuckets(row.last_millis, row.resolution, day) &&
         row.first.time_millis <= row.last_millis[0] &&
         BucketOf(row.resolution, row.first.time_millis) ==
             BucketOf(row.resolution, row.last_millis[0]) &&
         std::all_of(row.count.begin(), row.count.end(),
                     [&](int64_t count) { return count >= 1 && count <= width; });
}

// Times are coded from the day's start on.
void AppendBucketTimes(const TierRow& row, int64_t day_start, std::string& bytes) {
  std::vector<int64_t> offsets = row.last_millis;
  for (int64_t& offset : offsets) offset -= day_start;
  if (!AppendTimes(offsets, ChunkEffort::kBest, KeptEncodeScratch(), bytes)) std::abort();
  AppendVarint(static_cast<uint64_t>(row.last_millis[0] - row.first.time_millis), bytes);
  AppendIntegers(row.count, ChunkEffort::kBest, KeptEncodeScratch(), bytes);
}

bool ReadBucketTimes(ByteReader& reader, Day day, TierRow& row) {
  if (!ReadTimes(reader, KeptDecodeScratch(), absl::MakeSpan(row.last_millis))) return false;
  if (row.last_millis.front() < 0 || row.last_millis.back() >= kDayMillis) return false;
  for (int64_t& time : row.last_millis) time += StartOf(day);
  const uint64_t first_before_last = reader.Varint();
  if (!reader.ok() || first_before_last >= static_cast<uint64_t>(kDayMillis)) return false;
  row.first.time_millis = row.last_millis[0] - static_cast<int64_t>(first_before_last);
  row.count.resize(row.size());
  return row.first.time_millis >= StartOf(day) &&
         ReadIntegers(reader, KeptDecodeScratch(), absl::MakeSpan(row.count)) &&
         TimesAreSound(row, day);
}

absl::optional<DecimalScale> ChooseScale(const TierRow& row) {
  std::vector<double> seen = row.last;
  seen.insert(seen.end(), row.min.begin(), row.min.end());
  seen.insert(seen.end(), row.max.begin(), row.max.end());
  return DecimalScale::Choose(seen);
}

void AppendBuckets(const TierRow& row, Day day, std::string& bytes) {
  AppendBucketTimes(row, StartOf(day), bytes);
  const absl::optional<DecimalScale> scale = ChooseScale(row);
  AppendByte(scale.has_value() ? static_cast<uint8_t>(scale->exponent()) : kNoExponent, bytes);
  KnownIntegers known;
  AppendColumn(Column::kLastValue, row, scale, known, bytes);
  AppendNumber(scale, row.first.value, row.last[0], bytes);
  if (scale.has_value()) known.SetLast(*scale, row);
  AppendColumn(Column::kMin, row, scale, known, bytes);
  AppendColumn(Column::kMax, row, scale, known, bytes);
  if (scale.has_value()) {
    known.min = scale->ToIntegers(row.min);
    known.max = scale->ToIntegers(row.max);
  }
  AppendColumn(Column::kSum, row, scale, known, bytes);
  AppendResets(row, scale, bytes);
}

bool ReadBuckets(ByteReader& reader, Day day, TierRow& row) {
  if (!ReadBucketTimes(reader, day, row)) return false;
  const uint8_t exponent = reader.Byte();
  absl::optional<DecimalScale> scale;
  if (exponent <= DecimalScale::kExponentMax) {
    scale = DecimalScale(exponent);
  } else if (exponent != kNoExponent) {
    return false;
  }
  KnownIntegers known;
  if (!ReadColumn(reader, Column::kLastValue, row, scale, known, row.last)) return false;
  if (!ReadNumber(reader, scale, row.last[0], row.first.value)) return false;
  if (scale.has_value()) known.SetLast(*scale, row);
  if (!ReadColumn(reader, Column::kMin, row, scale, known, row.min)) return false;
  if (!ReadColumn(reader, Column::kMax, row, scale, known, row.max)) return false;
  if (scale.has_value()) {
    known.min = scale->ToIntegers(row.min);
    known.max = scale->ToIntegers(row.max);
  }
  return ReadColumn(reader, Column::kSum, row, scale, known, row.sum) &&
         ReadResets(reader, scale, row);
}

bool ReadRow(ByteReader& reader, Day day, TierRow& row) {
  const uint8_t flags = reader.Byte();
  row.resolution = static_cast<Resolution>(flags & kResolutionBits);
  if (BucketMillis(row.resolution) == 0 || flags > (kResolutionBits | kResetsKeptBit)) return false;
  row.counter_resets =
      (flags & kResetsKeptBit) != 0 ? CounterResets::kKept : CounterResets::kNotKept;
  const uint64_t buckets = reader.Varint();
  if (!reader.ok() || buckets > static_cast<uint64_t>(kDayMillis / BucketMillis(row.resolution))) {
    return false;
  }
  row.last_millis.resize(buckets);
  if (buckets > 0 && !ReadBuckets(reader, day, row)) return false;
  return ReadStaleMarkers(reader, day, row) && reader.rest().empty();
}

}  // namespace

std::string EncodeTierRow(const TierRow& row, Day day) {
  const size_t size = row.size();
  const bool sized = row.count.size() == size && row.sum.size() == size && row.min.size() == size &&
                     row.max.size() == size && row.last.size() == size;
  if (!sized || BucketMillis(row.resolution) == 0 || !TimesAreSound(row, day) ||
      !AreOfOwnBuckets(row.stale_millis, row.resolution, day)) {
    std::abort();
  }
  std::string bytes;
  AppendByte(kVersion, bytes);
  const bool kept = row.counter_resets == CounterResets::kKept;
  AppendByte(
      static_cast<uint8_t>(static_cast<uint8_t>(row.resolution) | (kept ? kResetsKeptBit : 0)),
      bytes);
  AppendVarint(size, bytes);
  if (size > 0) AppendBuckets(row, day, bytes);
  AppendStaleMarkers(row, StartOf(day), bytes);
  return bytes;
}

absl::StatusOr<TierRow> DecodeTierRow(absl::string_view bytes, Day day) {
  ByteReader reader(bytes);
  const uint8_t version = reader.Byte();
  if (!reader.ok() || version != kVersion) {
    return absl::DataLossError(absl::StrCat("tier row of ", bytes.size(), " bytes has version ",
                                            version, ", this program reads ", kVersion));
  }
  TierRow row;
  if (ReadRow(reader, day, row)) return row;
  return absl::DataLossError(
      absl::StrCat("tier row of ", bytes.size(), " bytes of day ", day, " is damaged"));
}

}  // namespace ora::storage
