#include "storage/open/open_segment.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace ora::storage {
namespace {

constexpr size_t kCacheLineBytes = 64;

// Wraps, as record times are whatever a record says.
int64_t OffsetOf(int64_t time_millis, int64_t base) {
  return static_cast<int64_t>(static_cast<uint64_t>(time_millis) - static_cast<uint64_t>(base));
}
int64_t TimeOf(int64_t base, int32_t offset) {
  return static_cast<int64_t>(static_cast<uint64_t>(base) + static_cast<uint64_t>(int64_t{offset}));
}

template <typename T>
void PrefetchRange(const T* begin, const T* end) {
  const auto* at = reinterpret_cast<const char*>(begin);
  for (; at < reinterpret_cast<const char*>(end); at += kCacheLineBytes) {
    __builtin_prefetch(at, 1);
  }
}

}  // namespace

OpenSegment::OpenSegment() : tails_(kLanes * sizeof(Lane)), bytes_(sizeof(*this)) {}

void OpenSegment::Append(size_t first, size_t count, int64_t time_millis, const char* values) {
  samples_ += count;
  oldest_millis_ = std::min(oldest_millis_, time_millis);
  const size_t end = first + count;
  while (first < end) {
    Lane& lane = lanes()[first / kLaneSeries];
    const size_t begin_in_lane = first % kLaneSeries;
    const size_t end_in_lane = std::min(begin_in_lane + (end - first), kLaneSeries);
    if (!lane.touched) {
      lane.touched = true;
      bytes_ += sizeof(Lane);
    }
    AppendToLane(lane, begin_in_lane, end_in_lane, time_millis, values);
    values += (end_in_lane - begin_in_lane) * sizeof(double);
    first += end_in_lane - begin_in_lane;
  }
}

void OpenSegment::AppendToLane(Lane& lane, size_t begin, size_t end, int64_t time_millis,
                               const char* values) {
  for (size_t i = begin; i < end; ++i) {
    if (lane.tail_counts[i] == kTailBlockSamplesMax) PackTail(lane, i);
    int64_t offset = OffsetOf(time_millis, lane.bases[i]);
    if (offset != static_cast<int32_t>(offset) && lane.tail_counts[i] != 0) PackTail(lane, i);
    if (lane.tail_counts[i] == 0) {
      lane.bases[i] = time_millis;
      offset = 0;
    }
    const size_t at = lane.tail_counts[i]++;
    lane.offsets[at][i] = static_cast<int32_t>(offset);
    std::memcpy(&lane.values[at][i], values, sizeof(double));
    values += sizeof(double);
    ++lane.counts[i];
  }
}

void OpenSegment::Prefetch(size_t first, size_t count) const {
  const Lane& lane = LaneOf(first);
  const size_t begin = first % kLaneSeries;
  const size_t end = std::min(begin + count, kLaneSeries);
  // Series of one host are mostly as full as each other.
  const size_t at = lane.tail_counts[begin] % kTailBlockSamplesMax;
  PrefetchRange(&lane.values[at][begin], &lane.values[at][end]);
  PrefetchRange(&lane.offsets[at][begin], &lane.offsets[at][end]);
  PrefetchRange(&lane.bases[begin], &lane.bases[end]);
  PrefetchRange(&lane.counts[begin], &lane.counts[end]);
}

uint8_t* OpenSegment::BlockAt(uint32_t block) const {
  const uint64_t at = uint64_t{block} * kBlockAlign;
  const auto piece = static_cast<size_t>(std::bit_width(at / kFirstPieceBytes + 1) - 1);
  const uint64_t piece_begin = ((uint64_t{1} << piece) - 1) * kFirstPieceBytes;
  return static_cast<uint8_t*>(pieces_[piece].get()) + (at - piece_begin);
}

uint32_t OpenSegment::MakeRoom() {
  constexpr size_t kRoom = sizeof(BlockHead) + kTailBlockBytesMax;
  auto piece = static_cast<size_t>(std::bit_width(end_ / kFirstPieceBytes + 1) - 1);
  const uint64_t piece_end = ((uint64_t{2} << piece) - 1) * kFirstPieceBytes;
  if (end_ + kRoom > piece_end) {
    end_ = piece_end;
    ++piece;
  }
  // 16 GiB of one segment: the committer refuses long before.
  if (piece >= kPieces || end_ / kBlockAlign > std::numeric_limits<uint32_t>::max()) std::abort();
  if (pieces_[piece].get() == nullptr) pieces_[piece] = PageMemory(kFirstPieceBytes << piece);
  return static_cast<uint32_t>(end_ / kBlockAlign);
}

void OpenSegment::PackTail(Lane& lane, size_t at) {
  const size_t count = lane.tail_counts[at];
  std::array<int64_t, kTailBlockSamplesMax> times;
  std::array<double, kTailBlockSamplesMax> values;
  for (size_t i = 0; i < count; ++i) {
    times[i] = TimeOf(lane.bases[at], lane.offsets[i][at]);
    values[i] = lane.values[i][at];
  }
  const uint32_t block = MakeRoom();
  uint8_t* const begin = BlockAt(block);
  const size_t bytes =
      EncodeTailBlock(absl::MakeConstSpan(times.data(), count),
                      absl::MakeConstSpan(values.data(), count), begin + sizeof(BlockHead));
  const BlockHead head{lane.newest_blocks[at], static_cast<uint16_t>(bytes),
                       static_cast<uint16_t>(count)};
  std::memcpy(begin, &head, sizeof(head));
  const uint64_t taken = (sizeof(head) + bytes + kBlockAlign - 1) / kBlockAlign * kBlockAlign;
  end_ += taken;
  bytes_ += taken;
  lane.newest_blocks[at] = block;
  lane.tail_counts[at] = 0;
}

void OpenSegment::Capture(size_t series, Position& position) const {
  const Lane& lane = LaneOf(series);
  const size_t at = series % kLaneSeries;
  position.count = lane.counts[at];
  position.newest_block = lane.newest_blocks[at];
  position.tail_count = lane.tail_counts[at];
  for (size_t i = 0; i < position.tail_count; ++i) {
    position.tail_times[i] = TimeOf(lane.bases[at], lane.offsets[i][at]);
    position.tail_values[i] = lane.values[i][at];
  }
}

void OpenSegment::Read(const Position& position, uint32_t count, SampleColumns& append_to) const {
  struct Block {
    const uint8_t* begin;
    BlockHead head;
  };
  absl::InlinedVector<Block, 16> blocks;  // Newest first.
  for (uint32_t block = position.newest_block; block != 0;) {
    const uint8_t* const begin = BlockAt(block);
    BlockHead head;
    std::memcpy(&head, begin, sizeof(head));
    blocks.push_back({begin + sizeof(head), head});
    block = head.older;
  }
  const size_t end = append_to.size() + count;
  for (auto block = blocks.rbegin(); block != blocks.rend() && append_to.size() < end; ++block) {
    const absl::string_view bytes(reinterpret_cast<const char*>(block->begin), block->head.bytes);
    if (!DecodeTailBlock(bytes, append_to).ok()) std::abort();  // Of our own memory.
  }
  for (size_t i = 0; i < position.tail_count && append_to.size() < end; ++i) {
    append_to.time_millis.push_back(position.tail_times[i]);
    append_to.values.push_back(position.tail_values[i]);
  }
  append_to.time_millis.resize(end);
  append_to.values.resize(end);
}

}  // namespace ora::storage
