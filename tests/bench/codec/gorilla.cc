#include "tests/bench/codec/gorilla.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace ora::bench {
namespace {

constexpr unsigned kLeadBits = 5;
constexpr unsigned kLeadMax = 31;
constexpr unsigned kWidthBits = 6;
// A difference of differences: how many ones announce it, and how many bits it takes.
struct TimeClass {
  unsigned prefix_bits;
  uint64_t prefix;
  unsigned width;
};
constexpr TimeClass kTimeClasses[] = {
    {2, 0b10, 7}, {3, 0b110, 9}, {4, 0b1110, 12}, {4, 0b1111, 64}};

class BitWriter {
 public:
  void Put(uint64_t value, unsigned width) {  // No bits above `width`.
    if (width > 32) {
      Put(value >> 32, width - 32);
      value &= 0xffffffff;
      width = 32;
    }
    pending_ = pending_ << width | value;
    used_ += width;
    for (; used_ >= 8; used_ -= 8) bytes_.push_back(static_cast<char>(pending_ >> (used_ - 8)));
  }
  std::string Finish() {
    if (used_ > 0) Put(0, 8 - used_);
    bytes_.append(sizeof(uint64_t), '\0');  // For the reader's loads of whole words.
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  uint64_t pending_ = 0;
  unsigned used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(absl::string_view bytes) : bytes_(bytes.data()) {}
  uint64_t Get(unsigned width) {
    if (width > 56) {
      const uint64_t high = Get(width - 32);
      return high << 32 | Get(32);
    }
    uint64_t word;
    std::memcpy(&word, bytes_ + bit_ / 8, sizeof(word));
    word = __builtin_bswap64(word) << (bit_ % 8);
    bit_ += width;
    return width == 0 ? 0 : word >> (64 - width);
  }

 private:
  const char* bytes_;
  size_t bit_ = 0;
};

int64_t SignExtended(uint64_t value, unsigned width) {
  return width == 64 ? static_cast<int64_t>(value)
                     : static_cast<int64_t>(value << (64 - width)) >> (64 - width);
}

void PutTime(int64_t change, BitWriter& writer) {
  if (change == 0) return writer.Put(0, 1);
  for (const TimeClass& each : kTimeClasses) {
    const uint64_t bits = static_cast<uint64_t>(change) << (64 - each.width) >> (64 - each.width);
    if (SignExtended(bits, each.width) != change) continue;
    writer.Put(each.prefix, each.prefix_bits);
    return writer.Put(bits, each.width);
  }
}

int64_t GetTime(BitReader& reader) {
  if (reader.Get(1) == 0) return 0;
  size_t which = 0;
  while (which < 3 && reader.Get(1) != 0) ++which;
  const unsigned width = kTimeClasses[which].width;
  return SignExtended(reader.Get(width), width);
}

}  // namespace

std::string EncodeGorilla(const storage::SampleColumns& samples) {
  BitWriter writer;
  int64_t time = 0, step = 0;
  uint64_t before = 0;
  unsigned lead = 0, width = 0;  // No window yet.
  for (size_t i = 0; i < samples.size(); ++i) {
    const int64_t new_step = samples.time_millis[i] - time;
    PutTime(new_step - step, writer);
    time = samples.time_millis[i];
    step = new_step;
    const uint64_t bits = std::bit_cast<uint64_t>(samples.values[i]);
    const uint64_t difference = bits ^ before;
    before = bits;
    if (difference == 0) {
      writer.Put(0, 1);
      continue;
    }
    unsigned own_lead = static_cast<unsigned>(std::countl_zero(difference));
    if (own_lead > kLeadMax) own_lead = kLeadMax;
    const unsigned own_tail = static_cast<unsigned>(std::countr_zero(difference));
    if (width > 0 && own_lead >= lead && own_tail >= 64 - lead - width) {
      writer.Put(0b10, 2);
    } else {
      lead = own_lead;
      width = 64 - own_lead - own_tail;
      writer.Put(0b11, 2);
      writer.Put(lead, kLeadBits);
      writer.Put(width - 1, kWidthBits);
    }
    writer.Put(difference >> (64 - lead - width), width);
  }
  return writer.Finish();
}

void DecodeGorilla(absl::string_view bytes, size_t count, storage::SampleColumns& samples) {
  samples.time_millis.resize(count);
  samples.values.resize(count);
  BitReader reader(bytes);
  int64_t time = 0, step = 0;
  uint64_t before = 0;
  unsigned lead = 0, width = 0;
  for (size_t i = 0; i < count; ++i) {
    step += GetTime(reader);
    time += step;
    samples.time_millis[i] = time;
    if (reader.Get(1) != 0) {
      if (reader.Get(1) != 0) {
        lead = static_cast<unsigned>(reader.Get(kLeadBits));
        width = static_cast<unsigned>(reader.Get(kWidthBits)) + 1;
      }
      before ^= reader.Get(width) << (64 - lead - width);
    }
    samples.values[i] = std::bit_cast<double>(before);
  }
}

}  // namespace ora::bench
