#include "storage/chunk/xor_coding.h"

#include <bit>
#include <cstdint>

namespace ora::storage {
namespace {

// A window is where the differing bits lie: `lead` zeros above, `width` bits, zeros below.
constexpr unsigned kLeadBits = 6;
constexpr unsigned kWidthBits = 6;  // Of width - 1.

class BitWriter {
 public:
  explicit BitWriter(std::string& bytes) : bytes_(bytes) {}

  void Put(uint64_t value, unsigned width) {  // The low `width` bits, highest first; 1 to 64.
    for (unsigned left = width; left > 0;) {
      const unsigned take = left < 8 - used_ ? left : 8 - used_;
      const uint64_t bits = (value >> (left - take)) & ((1u << take) - 1);
      pending_ = static_cast<uint8_t>(pending_ | bits << (8 - used_ - take));
      used_ += take;
      left -= take;
      if (used_ == 8) Flush();
    }
  }
  void Flush() {
    if (used_ > 0) AppendByte(pending_, bytes_);
    pending_ = 0;
    used_ = 0;
  }

 private:
  std::string& bytes_;
  uint8_t pending_ = 0;
  unsigned used_ = 0;
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

}  // namespace

void AppendXor(absl::Span<const double> values, std::string& bytes) {
  uint64_t before = std::bit_cast<uint64_t>(values[0]);
  AppendFixed64(before, bytes);
  BitWriter writer(bytes);
  unsigned lead = 0;
  unsigned width = 64;
  for (double value : values.subspan(1)) {
    const uint64_t bits = std::bit_cast<uint64_t>(value);
    const uint64_t difference = bits ^ before;
    before = bits;
    if (difference == 0) {
      writer.Put(0, 1);
      continue;
    }
    const unsigned own_lead = static_cast<unsigned>(std::countl_zero(difference));
    const unsigned own_tail = static_cast<unsigned>(std::countr_zero(difference));
    const unsigned own_width = 64 - own_lead - own_tail;
    const unsigned tail = 64 - lead - width;
    const bool fits = own_lead >= lead && own_tail >= tail;
    if (fits && width <= own_width + kLeadBits + kWidthBits) {
      writer.Put(0b10, 2);
    } else {
      lead = own_lead;
      width = own_width;
      writer.Put(0b11, 2);
      writer.Put(lead, kLeadBits);
      writer.Put(width - 1, kWidthBits);
    }
    writer.Put(difference >> (64 - lead - width), width);
  }
  writer.Flush();
}

bool ReadXor(ByteReader& reader, absl::Span<double> values) {
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
  return bits.ok() && bits.at_end();
}

}  // namespace ora::storage
