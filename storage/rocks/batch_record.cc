#include "storage/rocks/batch_record.h"

#include <cstring>
#include <limits>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "storage/env/crc32c.h"
#include "storage/rocks/record_bytes.h"

namespace ora::storage {
namespace {

constexpr size_t kVarintBytesMax = 10;
constexpr size_t kBlockBytesMax = 2 * kVarintBytesMax;  // Its time and count.
constexpr size_t kRunBytesMax = 2 * 5;                  // Its first id and count: 32 bits.
constexpr size_t kSampleBytesMax = kRunBytesMax + sizeof(double);  // A run of its own.
constexpr size_t kChecksumBytes = sizeof(uint32_t);
constexpr size_t kFrameBytes = 1 + kChecksumBytes;
constexpr uint64_t kIdsEnd = uint64_t{std::numeric_limits<SeriesId>::max()} + 1;
constexpr int kVarintShiftMax = 63;
// A group of the usual size; what a larger one took is given back.
constexpr size_t kBufferBytesKept = 1 << 20;

absl::Status CutShort() { return absl::DataLossError("batch record ends within a block"); }

char* PutVarint(char* at, uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

// Sums and differences wrap, so that damaged bytes are no undefined behaviour.
char* PutStep(char* at, uint64_t to, uint64_t from) {
  return PutVarint(at, ZigZag(static_cast<int64_t>(to - from)));
}

// Steps through a payload; whatever the bytes are, it never leaves them.
class PayloadReader {
 public:
  explicit PayloadReader(absl::string_view bytes) : bytes_(bytes) {}

  absl::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift <= kVarintShiftMax && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_[0]);
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return absl::nullopt;
  }
  absl::optional<uint64_t> Step(uint64_t from) {
    const absl::optional<uint64_t> raw = Varint();
    if (!raw) return absl::nullopt;
    return from + static_cast<uint64_t>(UnZigZag(*raw));
  }
  absl::optional<absl::string_view> Take(uint64_t size) {
    if (size > bytes_.size()) return absl::nullopt;
    const absl::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  size_t remaining() const { return bytes_.size(); }

 private:
  absl::string_view bytes_;
};

absl::optional<BatchMark> ReadMark(PayloadReader& reader) {
  const absl::optional<uint64_t> size = reader.Varint();
  if (!size) return absl::nullopt;
  const absl::optional<absl::string_view> key = reader.Take(*size);
  if (!key) return absl::nullopt;
  const absl::optional<uint64_t> sequence = reader.Varint();
  if (!sequence) return absl::nullopt;
  return BatchMark{*key, *sequence};
}

// A block: time, count, runs of ids, values. Ids and times are steps from those of the block
// before.
class BlockReader {
 public:
  explicit BlockReader(absl::string_view blocks) : reader_(blocks) {}

  // False at the end, and at damage. `visit` gets the runs' ids, in order.
  template <typename Visit>
  bool Next(const Visit& visit) {
    if (damaged_ || reader_.remaining() == 0) return false;
    damaged_ = true;  // Until all of the block was read.
    const absl::optional<uint64_t> time = reader_.Step(time_);
    const absl::optional<uint64_t> count = reader_.Varint();
    // The count is checked before it is believed.
    if (!time || !count || *count == 0 || *count > reader_.remaining() / sizeof(double)) {
      return false;
    }
    time_ = *time;
    uint64_t left = *count;
    while (left > 0) {
      const absl::optional<uint64_t> first = reader_.Step(id_next_);
      const absl::optional<uint64_t> more = reader_.Varint();  // Ids after the first.
      if (!first || !more || *first >= kIdsEnd || *more >= left || *more >= kIdsEnd - *first) {
        return false;
      }
      visit(static_cast<SeriesId>(*first), static_cast<uint32_t>(*more + 1));
      left -= *more + 1;
      id_next_ = *first + *more + 1;
    }
    const absl::optional<absl::string_view> values = reader_.Take(*count * sizeof(double));
    if (!values) return false;
    values_ = values->data();
    count_ = *count;
    damaged_ = false;
    return true;
  }
  bool damaged() const { return damaged_; }

  int64_t time_millis() const { return static_cast<int64_t>(time_); }
  uint64_t count() const { return count_; }
  const char* values() const { return values_; }

 private:
  PayloadReader reader_;
  bool damaged_ = false;
  uint64_t time_ = 0;
  uint64_t id_next_ = 0;
  uint64_t count_ = 0;
  const char* values_ = nullptr;
};

size_t BytesMax(absl::Span<const BatchMark> marks,
                absl::Span<const std::vector<WriteBlock>* const> batches) {
  size_t bytes = kFrameBytes + kVarintBytesMax;
  for (const BatchMark& mark : marks) bytes += 2 * kVarintBytesMax + mark.key.size();
  for (const std::vector<WriteBlock>* blocks : batches) {
    for (const WriteBlock& block : *blocks) {
      bytes += kBlockBytesMax + block.series.size() * kSampleBytesMax;
    }
  }
  return bytes;
}

// How many ids from `begin` on follow one another.
size_t RunLength(const std::vector<SeriesRef>& series, size_t begin) {
  size_t end = begin + 1;
  while (end < series.size() && series[end] == series[end - 1] + 1) ++end;
  return end - begin;
}

}  // namespace

BatchRecord BatchRecordEncoder::Encode(absl::Span<const BatchMark> marks,
                                       absl::Span<const std::vector<WriteBlock>* const> batches) {
  const size_t bytes_max = BytesMax(marks, batches);
  if (buffer_.size() > kBufferBytesKept && bytes_max <= kBufferBytesKept) buffer_ = std::string();
  if (buffer_.size() < bytes_max) buffer_.resize(bytes_max);
  char* const begin = buffer_.data();
  char* at = begin;
  *at++ = static_cast<char>(kRecordVersion);
  at = PutVarint(at, marks.size());
  char* const marks_begin = at;
  for (const BatchMark& mark : marks) {
    at = PutVarint(at, mark.key.size());
    std::memcpy(at, mark.key.data(), mark.key.size());
    at = PutVarint(at + mark.key.size(), mark.sequence);
  }
  char* const blocks_begin = at;
  BatchRecord record;
  uint64_t time = 0;
  uint64_t id_next = 0;
  for (const std::vector<WriteBlock>* blocks : batches) {
    for (const WriteBlock& block : *blocks) {
      if (block.series.empty()) continue;
      at = PutStep(at, static_cast<uint64_t>(block.time_millis), time);
      time = static_cast<uint64_t>(block.time_millis);
      at = PutVarint(at, block.series.size());
      for (size_t i = 0; i < block.series.size();) {
        const size_t run = RunLength(block.series, i);
        at = PutStep(at, block.series[i], id_next);
        at = PutVarint(at, run - 1);
        id_next = block.series[i] + run;
        i += run;
      }
      std::memcpy(at, block.values.data(), block.values.size() * sizeof(double));
      at += block.values.size() * sizeof(double);
      record.samples_ += block.series.size();
    }
  }
  const auto body_size = static_cast<size_t>(at - begin);
  const uint32_t crc = Crc32c({begin, body_size});
  std::memcpy(at, &crc, sizeof(crc));
  record.bytes_ = {begin, body_size + kChecksumBytes};
  record.marks_ = {marks_begin, static_cast<size_t>(blocks_begin - marks_begin)};
  record.blocks_ = {blocks_begin, static_cast<size_t>(at - blocks_begin)};
  return record;
}

absl::StatusOr<BatchRecord> BatchRecord::Parse(absl::string_view record) {
  if (const auto framed = RecordReader::Open(record); !framed.ok()) return framed.status();
  const absl::string_view payload = record.substr(1, record.size() - kFrameBytes);
  PayloadReader reader(payload);
  const absl::optional<uint64_t> marks = reader.Varint();
  if (!marks) return CutShort();
  const size_t marks_begin = payload.size() - reader.remaining();
  for (uint64_t i = 0; i < *marks; ++i) {
    if (!ReadMark(reader)) return absl::DataLossError("batch record ends within a mark");
  }
  const size_t blocks_begin = payload.size() - reader.remaining();
  BatchRecord parsed;
  parsed.bytes_ = record;
  parsed.marks_ = payload.substr(marks_begin, blocks_begin - marks_begin);
  parsed.blocks_ = payload.substr(blocks_begin);
  BlockReader blocks(parsed.blocks_);
  while (blocks.Next([](SeriesId, uint32_t) {})) parsed.samples_ += blocks.count();
  if (blocks.damaged()) return CutShort();
  return parsed;
}

void BatchRecord::ForEachMark(absl::FunctionRef<void(const BatchMark&)> visit) const {
  PayloadReader reader(marks_);
  while (reader.remaining() > 0) {
    const absl::optional<BatchMark> mark = ReadMark(reader);
    if (!mark) return;  // Never: it was checked.
    visit(*mark);
  }
}

void BatchRecord::ForEachRun(absl::FunctionRef<void(const SampleRun&)> visit) const {
  BlockReader blocks(blocks_);
  std::vector<SampleRun> runs;
  while (blocks.Next([&runs](SeriesId first, uint32_t count) { runs.push_back({first, count}); })) {
    const char* values = blocks.values();
    for (SampleRun& run : runs) {
      run.time_millis = blocks.time_millis();
      run.values = values;
      values += run.count * sizeof(double);
      visit(run);
    }
    runs.clear();
  }
}

}  // namespace ora::storage
