#include "storage/chunk/xor_coding.h"

#include <bit>
#include <cstdint>

namespace ora::storage {
namespace {

// A window is where the differing bits lie: `lead` zeros above, `width` bits, zeros below.
constexpr unsigned kLeadBits = 6;
constexpr unsigned kWidthBits = 6;  // Of width - 1.

// Room for `size` bytes, and for the whole words that are stored.
class BitWriter {
 public:
  BitWriter(std::string& bytes, size_t size) : bytes_(bytes) {
    const size_t begin = bytes.size();
    end_ = begin + size;
    bytes.resize(end_ + sizeof(uint64_t));
    out_ = bytes.data() + begin;
  }
  ~BitWriter() { bytes_.resize(end_); }

  void Put(uint64_t value, unsigned width) {  // `width` bits, none above; 1 to 64.
    if (width > kPutWidthMax) {
      Put(value >> kPutWidthMax, width - kPutWidthMax);
      value &= (uint64_t{1} << kPutWidthMax) - 1;
      width = kPutWidthMax;
    }
    pending_ |= value << (64 - used_ - width);
    used_ += width;
    for (unsigned i = 0; i < sizeof(pending_); ++i) {  // A store of the word, highest byte first.
      out_[i] = static_cast<char>(pending_ >> (56 - 8 * i));
    }
    out_ += used_ / 8;
    pending_ <<= used_ & ~7u;
    used_ &= 7;
  }

 private:
  static constexpr unsigned kPutWidthMax = 56;  // Behind fewer than 8 bits in a word.

  std::string& bytes_;
  size_t end_;
  char* out_;
  uint64_t pending_ = 0;  // From the highest bit on.
  unsigned used_ = 0;     // Below 8 between two calls.
};

class BitReader {
 public:
  explicit BitReader(absl::string_view bytes) : bytes_(bytes) {}

  uint64_t Get(unsigned width) {  // 1 to 64. Zeros beyond the end, and then not ok.
    if (width > 32) {
      const uint64_t high = Get(width - 32);
      return high << 32 | Get(32);
    }
    while (have_ < width) {
      if (at_ == bytes_.size()) {
        ok_ = false;
        return 0;
      }
      pending_ = pending_ << 8 | static_cast<uint8_t>(bytes_[at_++]);
      have_ += 8;
    }
    have_ -= width;
    return (pending_ >> have_) & ((uint64_t{1} << width) - 1);
  }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  absl::string_view bytes_;
  size_t at_ = 0;
  uint64_t pending_ = 0;
  unsigned have_ = 0;
  bool ok_ = true;
};

// Calls put(bits, width) for all that follows the first value.
template <typename Put>
void Walk(absl::Span<const double> values, Put put) {
  uint64_t before = std::bit_cast<uint64_t>(values[0]);
  unsigned lead = 0;
  unsigned width = 64;
  for (double value : values.subspan(1)) {
    const uint64_t bits = std::bit_cast<uint64_t>(value);
    const uint64_t difference = bits ^ before;
    before = bits;
    if (difference == 0) {
      put(0, 1);
      continue;
    }
    const unsigned own_lead = static_cast<unsigned>(std::countl_zero(difference));
    const unsigned own_tail = static_cast<unsigned>(std::countr_zero(difference));
    const unsigned own_width = 64 - own_lead - own_tail;
    const unsigned tail = 64 - lead - width;
    const bool fits = own_lead >= lead && own_tail >= tail;
    if (fits && width <= own_width + kLeadBits + kWidthBits) {
      put(0b10, 2);
    } else {
      lead = own_lead;
      width = own_width;
      put(0b11 << (kLeadBits + kWidthBits) | lead << kWidthBits | (width - 1),
          2 + kLeadBits + kWidthBits);
    }
    put(difference >> (64 - lead - width), width);
  }
}

}  // namespace

size_t XorSize(absl::Span<const double> values) {
  size_t bits = 0;
  Walk(values, [&](uint64_t, unsigned width) { bits += width; });
  return sizeof(double) + (bits + 7) / 8;
}

void AppendXor(absl::Span<const double> values, std::string& bytes) {
  const size_t size = XorSize(values) - sizeof(double);
  AppendFixed64(std::bit_cast<uint64_t>(values[0]), bytes);
  BitWriter writer(bytes, size);
  Walk(values, [&](uint64_t bits, unsigned width) { writer.Put(bits, width); });
}

bool ReadXor(ByteReader& reader, absl::Span<double> values, size_t total) {
  uint64_t before = reader.Fixed64();
  if (!reader.ok()) return false;
  BitReader bits(reader.Bytes(reader.rest().size()));
  values[0] = std::bit_cast<double>(before);
  unsigned lead = 0;
  unsigned width = 64;
  for (double& value : values.subspan(1)) {
    if (bits.Get(1) != 0) {
      if (bits.Get(1) != 0) {
        lead = static_cast<unsigned>(bits.Get(kLeadBits));
        width = static_cast<unsigned>(bits.Get(kWidthBits)) + 1;
        if (lead + width > 64) return false;
      }
      before ^= bits.Get(width) << (64 - lead - width);
    }
    value = std::bit_cast<double>(before);
  }
  return bits.ok() && (values.size() < total || bits.at_end());
}

}  // namespace ora::storage
