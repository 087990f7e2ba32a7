// The open samples of up to 1,024 series.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/types/span.h"
#include "storage/chunk/tail_block.h"
#include "storage/open/page_memory.h"
#include "storage/sample.h"

namespace ora::storage {

// Samples of each series in the order in which they were appended, by time in no order, a time
// perhaps twice. The newest lie in the series' tail, unpacked; before them come blocks of up to
// kTailBlockSamplesMax packed ones.
//
// One thread appends. What a Position says stays readable: packed blocks never change, so a reader
// needs the writer's lock for Capture alone.
class OpenSegment {
 public:
  static constexpr size_t kSeries = 1024;

  OpenSegment();

  // Appends a sample each of the series from `first` on (at most kSeries in all); `values` are
  // doubles at any address.
  void Append(size_t first, size_t count, int64_t time_millis, const char* values);

  // Calls for what Append will touch of these series.
  void Prefetch(size_t first, size_t count) const;

  // How many samples of a series there are.
  uint32_t CountOf(size_t series) const { return LaneOf(series).counts[series % kLaneSeries]; }

  // A series as it is now: its tail, and where its blocks are.
  struct Position {
    uint32_t count = 0;         // Samples in all.
    uint32_t newest_block = 0;  // 0: none.
    uint32_t tail_count = 0;
    std::array<int64_t, kTailBlockSamplesMax> tail_times;
    std::array<double, kTailBlockSamplesMax> tail_values;
  };
  void Capture(size_t series, Position& position) const;

  // Appends the first `count` samples, at most position.count, to `append_to`.
  void Read(const Position& position, uint32_t count, SampleColumns& append_to) const;

  uint64_t samples() const { return samples_; }
  // No sample of any series is before; the end of time while there is none.
  int64_t oldest_millis() const { return oldest_millis_; }
  // Of memory that is touched.
  uint64_t bytes() const { return bytes_; }

 private:
  // The tails of series that stand beside each other: sample by sample, so that what a host sends
  // at one time lies together.
  static constexpr size_t kLaneSeries = 64;
  static constexpr size_t kLanes = kSeries / kLaneSeries;
  struct alignas(64) Lane {
    double values[kTailBlockSamplesMax][kLaneSeries];
    int32_t offsets[kTailBlockSamplesMax][kLaneSeries];  // Milliseconds from the series' base.
    int64_t bases[kLaneSeries];
    uint32_t counts[kLaneSeries];
    uint32_t newest_blocks[kLaneSeries];
    uint8_t tail_counts[kLaneSeries];
    bool touched;
  };

  // Blocks lie in pieces of memory, each twice as long as the one before. A block is named by
  // where it begins, counted in kBlockAlign bytes over all pieces; the first kBlockAlign bytes are
  // none's, so that 0 is no block.
  static constexpr size_t kBlockAlign = 4;
  static constexpr uint64_t kFirstPieceBytes = 64 << 10;
  static constexpr size_t kPieces = 18;  // What 32 bits can name.
  struct BlockHead {
    uint32_t older = 0;
    uint16_t bytes = 0;
    uint16_t samples = 0;
  };

  Lane* lanes() const { return static_cast<Lane*>(tails_.get()); }
  const Lane& LaneOf(size_t series) const { return lanes()[series / kLaneSeries]; }
  void AppendToLane(Lane& lane, size_t begin, size_t end, int64_t time_millis, const char* values);
  void PackTail(Lane& lane, size_t at);
  uint8_t* BlockAt(uint32_t block) const;
  // Room for a block of the longest kind.
  uint32_t MakeRoom();

  PageMemory tails_;
  std::array<PageMemory, kPieces> pieces_;
  uint64_t end_ = kBlockAlign;  // Of what is used in the pieces.
  uint64_t samples_ = 0;
  uint64_t bytes_ = 0;
  int64_t oldest_millis_ = std::numeric_limits<int64_t>::max();
};

}  // namespace ora::storage
