#include "storage/chunk/tail_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "storage/chunk/byte_stream.h"

namespace ora::storage {
namespace {

// block   byte count - 1 (low half), exponent or kPlainBits (high half) | times | values
// column  byte shape | first (zigzag) | least step (zigzag), each a word of 0 to 8 bytes
//         with a rest: byte width, kShifted added if a byte shift follows | packed at that width
//         value = the one before + least step + rest << shift
// shape   size of first + 9 x (size of least + 9 x whether there is a rest)

static_assert(std::endian::native == std::endian::little, "words are stored as they lie");

constexpr unsigned kPlainBits = 15;   // The values are the float64s' own bits.
constexpr unsigned kExponentMax = 9;  // Nanoseconds of a second; more places are rare.
constexpr std::array<double, kExponentMax + 1> kPowers = {1e0, 1e1, 1e2, 1e3, 1e4,
                                                          1e5, 1e6, 1e7, 1e8, 1e9};
// Added to a number below 2^51 it leaves the nearest whole number in the low bits of the sum.
constexpr double kRounder = 6755399441055744.0;  // 1.5 * 2^52
constexpr uint64_t kRounderBits = std::bit_cast<uint64_t>(kRounder);
constexpr unsigned kWholeBits = 52;  // Of a signed number from -2^51 to 2^51 - 1.
// The widest that can be added to fewer than 8 pending bits in a word; above it, whole words.
constexpr unsigned kPackedWidthMax = 56;
constexpr unsigned kCountBits = 4;
static_assert(kTailBlockSamplesMax == 1 << kCountBits);
constexpr unsigned kWordSizes = 9;
constexpr unsigned kShapes = kWordSizes * kWordSizes * 2;
constexpr unsigned kShifted = 0x80;

using Column = std::array<uint64_t, kTailBlockSamplesMax>;

// Value = whole / 10^exponent for all of them, to the bit.
bool Scale(absl::Span<const double> values, unsigned exponent, Column& whole) {
  const double power = kPowers[exponent];
  uint64_t wrong = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double sum = values[i] * power + kRounder;
    const uint64_t number = std::bit_cast<uint64_t>(sum) - kRounderBits;
    const double rounded = sum - kRounder;
    const double back = exponent == 0 ? rounded : rounded / power;
    wrong |= std::bit_cast<uint64_t>(back) ^ std::bit_cast<uint64_t>(values[i]);
    wrong |= (number + (uint64_t{1} << (kWholeBits - 1))) >> kWholeBits;  // NaN, infinity, large.
    whole[i] = number;
  }
  return wrong == 0;
}

// The exponent chosen, or kPlainBits.
unsigned ToWhole(absl::Span<const double> values, Column& whole) {
  if (Scale(values, 0, whole)) return 0;
  Column one;
  unsigned exponent = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    while (!Scale(values.subspan(i, 1), exponent, one)) {
      if (++exponent > kExponentMax) break;
    }
    if (exponent > kExponentMax) break;
    if (exponent > 0 && Scale(values, exponent, whole)) return exponent;
  }
  std::memcpy(whole.data(), values.data(), values.size() * sizeof(double));
  return kPlainBits;
}

unsigned WordSize(uint64_t word) { return (static_cast<unsigned>(std::bit_width(word)) + 7) / 8; }

uint8_t* PutWord(uint64_t word, unsigned size, uint8_t* out) {
  std::memcpy(out, &word, sizeof(word));
  return out + size;
}

uint8_t* Pack(absl::Span<const uint64_t> values, unsigned shift, unsigned width, uint8_t* out) {
  if (width > kPackedWidthMax) {
    for (uint64_t value : values) out = PutWord(value >> shift, sizeof(value), out);
    return out;
  }
  uint64_t pending = 0;
  unsigned bits = 0;  // Below 8 between values.
  for (uint64_t value : values) {
    pending |= (value >> shift) << bits;
    bits += width;
    std::memcpy(out, &pending, sizeof(pending));
    out += bits / 8;
    pending >>= bits & ~7u;
    bits &= 7;
  }
  return PutWord(pending, bits > 0 ? 1 : 0, out);
}

// Turns `values` into steps.
uint8_t* PutColumn(absl::Span<uint64_t> values, uint8_t* out) {
  const uint64_t first = ZigZag(static_cast<int64_t>(values[0]));
  const absl::Span<uint64_t> rest = values.subspan(1);
  int64_t least = std::numeric_limits<int64_t>::max();
  int64_t most = std::numeric_limits<int64_t>::min();
  uint64_t before = values[0];
  for (uint64_t& value : rest) {
    const uint64_t step = value - before;
    before = value;
    value = step;
    least = std::min(least, static_cast<int64_t>(step));
    most = std::max(most, static_cast<int64_t>(step));
  }
  if (rest.empty()) least = most = 0;
  const bool has_rest = least != most;
  const unsigned first_size = WordSize(first);
  const uint64_t lowest = ZigZag(least);
  const unsigned lowest_size = WordSize(lowest);
  *out = static_cast<uint8_t>(first_size + kWordSizes * (lowest_size + kWordSizes * has_rest));
  out = PutWord(first, first_size, out + 1);
  out = PutWord(lowest, lowest_size, out);
  if (!has_rest) return out;
  uint64_t any = 0;
  for (uint64_t& value : rest) {
    value -= static_cast<uint64_t>(least);
    any |= value;
  }
  const unsigned shift = static_cast<unsigned>(std::countr_zero(any));
  const unsigned width = static_cast<unsigned>(std::bit_width(any)) - shift;
  *out++ = static_cast<uint8_t>(shift > 0 ? width | kShifted : width);
  *out = static_cast<uint8_t>(shift);
  return Pack(rest, shift, width, shift > 0 ? out + 1 : out);
}

// Reads with bounds from a copy of the block, which has room behind it for loads of whole words.
class BlockReader {
 public:
  explicit BlockReader(absl::string_view block) {
    std::memcpy(bytes_.data(), block.data(), block.size());
    std::memset(bytes_.data() + block.size(), 0, sizeof(uint64_t));
    at_ = bytes_.data();
    end_ = at_ + block.size();
  }

  // A word of at most eight bytes. False beyond the end of the block.
  bool Word(uint64_t size, uint64_t& word) {
    if (left() < size) return false;
    std::memcpy(&word, at_, sizeof(word));
    if (size < sizeof(word)) word &= (uint64_t{1} << size * 8) - 1;
    at_ += size;
    return true;
  }

  bool Packed(unsigned width, absl::Span<uint64_t> values) {
    const bool whole_words = width > kPackedWidthMax;
    const unsigned stored_width = whole_words ? 64 : width;
    const size_t size = (values.size() * stored_width + 7) / 8;
    if (left() < size) return false;
    const uint64_t mask = whole_words ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
    size_t bit = 0;
    for (uint64_t& value : values) {
      std::memcpy(&value, at_ + bit / 8, sizeof(value));
      value = value >> bit % 8 & mask;
      bit += stored_width;
    }
    at_ += size;
    return true;
  }

  size_t left() const { return static_cast<size_t>(end_ - at_); }

 private:
  std::array<uint8_t, kTailBlockBytesMax + sizeof(uint64_t)> bytes_;
  const uint8_t* at_;
  const uint8_t* end_;
};

bool ReadColumn(BlockReader& reader, absl::Span<uint64_t> values) {
  uint64_t shape, first, lowest;
  if (!reader.Word(1, shape) || shape >= kShapes) return false;
  if (!reader.Word(shape % kWordSizes, first)) return false;
  if (!reader.Word(shape / kWordSizes % kWordSizes, lowest)) return false;
  uint64_t value = static_cast<uint64_t>(UnZigZag(first));
  const uint64_t least = static_cast<uint64_t>(UnZigZag(lowest));
  values[0] = value;
  const absl::Span<uint64_t> rest = values.subspan(1);
  if (shape < kWordSizes * kWordSizes) {
    for (uint64_t& each : rest) each = value += least;
    return true;
  }
  uint64_t width;
  uint64_t shift = 0;
  if (!reader.Word(1, width)) return false;
  if (width >= kShifted && !reader.Word(1, shift)) return false;
  width &= kShifted - 1;
  if (width > 64 || shift > 63) return false;
  if (!reader.Packed(static_cast<unsigned>(width), rest)) return false;
  for (uint64_t& each : rest) each = value += least + (each << shift);
  return true;
}

void ToValues(absl::Span<const uint64_t> whole, unsigned exponent, double* values) {
  if (exponent == kPlainBits) {
    std::memcpy(values, whole.data(), whole.size() * sizeof(double));
    return;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    values[i] = static_cast<double>(static_cast<int64_t>(whole[i]));
  }
  if (exponent == 0) return;
  const double power = kPowers[exponent];
  for (size_t i = 0; i < whole.size(); ++i) values[i] /= power;
}

}  // namespace

size_t EncodeTailBlock(absl::Span<const int64_t> time_millis, absl::Span<const double> values,
                       uint8_t* out) {
  const size_t count = values.size();
  if (count == 0 || count > kTailBlockSamplesMax || time_millis.size() != count) std::abort();
  Column column;
  std::memcpy(column.data(), time_millis.data(), count * sizeof(int64_t));
  uint8_t* end = PutColumn(absl::MakeSpan(column.data(), count), out + 1);
  const unsigned exponent = ToWhole(values, column);
  *out = static_cast<uint8_t>((count - 1) | exponent << kCountBits);
  end = PutColumn(absl::MakeSpan(column.data(), count), end);
  return static_cast<size_t>(end - out);
}

absl::Status DecodeTailBlock(absl::string_view block, SampleColumns& append_to) {
  const auto damaged = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat("tail block of ", block.size(), " bytes has ", what));
  };
  if (block.empty()) return damaged("no header");
  if (block.size() > kTailBlockBytesMax) {
    return damaged(absl::StrCat("more than ", kTailBlockBytesMax));
  }
  BlockReader reader(block);
  uint64_t head = 0;
  reader.Word(1, head);
  const size_t count = (head & (kTailBlockSamplesMax - 1)) + 1;
  const unsigned exponent = static_cast<unsigned>(head) >> kCountBits;
  if (exponent > kExponentMax && exponent != kPlainBits) {
    return damaged(absl::StrCat("the exponent ", exponent));
  }
  Column times, whole;
  if (!ReadColumn(reader, absl::MakeSpan(times.data(), count))) return damaged("damaged times");
  if (!ReadColumn(reader, absl::MakeSpan(whole.data(), count))) return damaged("damaged values");
  if (reader.left() != 0) return damaged("bytes after its end");
  std::array<double, kTailBlockSamplesMax> values;
  ToValues({whole.data(), count}, exponent, values.data());
  const int64_t* const time_millis = reinterpret_cast<const int64_t*>(times.data());
  append_to.time_millis.insert(append_to.time_millis.end(), time_millis, time_millis + count);
  append_to.values.insert(append_to.values.end(), values.data(), values.data() + count);
  return absl::OkStatus();
}

}  // namespace ora::storage
