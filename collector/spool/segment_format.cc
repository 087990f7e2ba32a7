#include "collector/spool/segment_format.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/env/crc32c.h"

namespace ora::collector {
namespace {

constexpr uint64_t kSegmentMagic = 0x4c4f'4f50'5341'524f;  // "ORASPOOL".
constexpr uint32_t kVersion = 1;
constexpr uint32_t kRecordMagic = 0x3143'4552;  // "REC1".
constexpr uint32_t kBatchRecord = 1;
constexpr uint8_t kDelete = 0;
constexpr uint8_t kSet = 1;

template <typename Number>
void Put(std::string& into, Number number) {
  char raw[sizeof(Number)];
  std::memcpy(raw, &number, sizeof(number));
  into.append(raw, sizeof(raw));
}

void PutText(std::string& into, absl::string_view text) {
  Put(into, static_cast<uint32_t>(text.size()));
  into.append(text.data(), text.size());
}

// Takes numbers and texts off the front of bytes; after a short read everything is empty.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  template <typename Number>
  Number Take() {
    Number number = 0;
    const absl::string_view raw = TakeBytes(sizeof(Number));
    if (raw.size() == sizeof(Number)) std::memcpy(&number, raw.data(), sizeof(Number));
    return number;
  }

  absl::string_view TakeBytes(size_t count) {
    if (short_ || rest_.size() < count) {
      short_ = true;
      return {};
    }
    const absl::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  absl::string_view TakeText() { return TakeBytes(Take<uint32_t>()); }

  bool ended_well() const { return !short_ && rest_.empty(); }
  bool ran_short() const { return short_; }

 private:
  absl::string_view rest_;
  bool short_ = false;
};

// What a power cut leaves where the file's length was durable before its bytes.
bool AllZero(absl::string_view bytes) {
  return bytes.find_first_not_of('\0') == absl::string_view::npos;
}

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  std::string body;
  Put(body, header.segment);
  Put(body, header.incarnation);
  Put(body, header.last_sequence);
  Put(body, static_cast<uint32_t>(header.state.size()));
  for (const auto& [key, value] : header.state) {
    PutText(body, key);
    PutText(body, value);
  }
  std::string bytes;
  Put(bytes, kSegmentMagic);
  Put(bytes, kVersion);
  Put(bytes, static_cast<uint32_t>(body.size()));
  Put(bytes, storage::Crc32c(body, storage::Crc32c(bytes)));
  return bytes + body;
}

DecodedHeader DecodeSegmentHeader(absl::string_view bytes) {
  DecodedHeader decoded;
  Reader prefix(bytes);
  const auto magic = prefix.Take<uint64_t>();
  const auto version = prefix.Take<uint32_t>();
  const auto body_size = prefix.Take<uint32_t>();
  const auto checksum = prefix.Take<uint32_t>();
  decoded.fault = DecodeFault::kCut;
  if (prefix.ran_short() || AllZero(bytes)) return decoded;
  decoded.fault = DecodeFault::kDamaged;
  if (magic != kSegmentMagic || version != kVersion) return decoded;
  const absl::string_view body = prefix.TakeBytes(body_size);
  if (prefix.ran_short()) {
    decoded.fault = DecodeFault::kCut;
    return decoded;
  }
  if (storage::Crc32c(body, storage::Crc32c(bytes.substr(
                                0, kSegmentPrefixBytes - sizeof(checksum)))) != checksum) {
    return decoded;
  }
  Reader reader(body);
  decoded.header.segment = reader.Take<uint64_t>();
  decoded.header.incarnation = reader.Take<uint64_t>();
  decoded.header.last_sequence = reader.Take<uint64_t>();
  const auto count = reader.Take<uint32_t>();
  for (uint32_t i = 0; i < count && !reader.ran_short(); ++i) {
    const absl::string_view key = reader.TakeText();
    decoded.header.state[std::string(key)] = std::string(reader.TakeText());
  }
  if (!reader.ended_well()) return decoded;
  decoded.fault = DecodeFault::kNone;
  decoded.size_bytes = kSegmentPrefixBytes + body_size;
  return decoded;
}

std::string EncodeRecord(uint64_t sequence, absl::string_view batch,
                         absl::Span<const StateChange> changes) {
  size_t body_size = 2 * sizeof(uint32_t) + batch.size();
  for (const StateChange& change : changes) {
    body_size += 1 + sizeof(uint32_t) + change.key.size();
    if (change.value) body_size += sizeof(uint32_t) + change.value->size();
  }
  std::string bytes;
  bytes.reserve(kRecordPrefixBytes + body_size);
  Put(bytes, kRecordMagic);
  Put(bytes, static_cast<uint64_t>(body_size));
  Put(bytes, uint32_t{0});  // The checksum's place: of the whole record with zero here.
  Put(bytes, kBatchRecord);
  Put(bytes, sequence);
  PutText(bytes, batch);
  Put(bytes, static_cast<uint32_t>(changes.size()));
  for (const StateChange& change : changes) {
    Put(bytes, change.value ? kSet : kDelete);
    PutText(bytes, change.key);
    if (change.value) PutText(bytes, *change.value);
  }
  const uint32_t checksum = storage::Crc32c(bytes);
  std::memcpy(bytes.data() + sizeof(uint32_t) + sizeof(uint64_t), &checksum, sizeof(checksum));
  return bytes;
}

DecodedRecord DecodeRecord(absl::string_view bytes) {
  DecodedRecord decoded;
  Reader prefix(bytes);
  const auto magic = prefix.Take<uint32_t>();
  const auto body_size = prefix.Take<uint64_t>();
  const absl::string_view before_checksum = bytes.substr(0, sizeof(magic) + sizeof(body_size));
  const auto checksum = prefix.Take<uint32_t>();
  const absl::string_view after_checksum =
      bytes.substr(std::min(bytes.size(), before_checksum.size() + sizeof(checksum)));
  const auto type = prefix.Take<uint32_t>();
  decoded.record.sequence = prefix.Take<uint64_t>();
  decoded.fault = DecodeFault::kCut;
  if (prefix.ran_short() || AllZero(bytes)) return decoded;
  decoded.fault = DecodeFault::kDamaged;
  if (magic != kRecordMagic) return decoded;
  const absl::string_view body = prefix.TakeBytes(body_size);
  if (prefix.ran_short()) {
    decoded.fault = DecodeFault::kCut;
    return decoded;
  }
  constexpr char kZero[sizeof(checksum)] = {};
  const size_t rest_size = kRecordPrefixBytes - before_checksum.size() - sizeof(checksum) +
                           static_cast<size_t>(body_size);
  uint32_t seen = storage::Crc32c(before_checksum);
  seen = storage::Crc32c(absl::string_view(kZero, sizeof(kZero)), seen);
  seen = storage::Crc32c(after_checksum.substr(0, rest_size), seen);
  if (seen != checksum || type != kBatchRecord) return decoded;
  Reader reader(body);
  decoded.record.batch = reader.TakeText();
  const auto count = reader.Take<uint32_t>();
  for (uint32_t i = 0; i < count && !reader.ran_short(); ++i) {
    StateChange change;
    const auto kind = reader.Take<uint8_t>();
    change.key = std::string(reader.TakeText());
    if (kind == kSet) change.value = std::string(reader.TakeText());
    decoded.record.changes.push_back(std::move(change));
  }
  if (!reader.ended_well()) return decoded;
  decoded.fault = DecodeFault::kNone;
  decoded.size_bytes = kRecordPrefixBytes + static_cast<size_t>(body_size);
  return decoded;
}

}  // namespace ora::collector
