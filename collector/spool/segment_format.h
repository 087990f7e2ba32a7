// The bytes of a spool segment: its header and its records, to and from memory. No I/O.
//
// README.md draws the format. Decoders take any bytes and never read past them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/spool/spool.h"

namespace ora::collector {

inline constexpr size_t kSegmentPrefixBytes = 20;  // Before the header's body.
inline constexpr size_t kRecordPrefixBytes = 28;   // Before a record's body.

struct SegmentHeader {
  uint64_t segment = 0;
  uint64_t incarnation = 0;
  // The sequence before the segment's first record. A record of an older segment with a sequence
  // above it is void: its Append had failed.
  uint64_t last_sequence = 0;
  std::map<std::string, std::string> state;  // As of `last_sequence`.
};

struct SegmentRecord {
  uint64_t sequence = 0;
  absl::string_view batch;
  std::vector<StateChange> changes;
};

enum class DecodeFault {
  kNone,
  kCut,      // The bytes end before what they began does, as a crash leaves them.
  kDamaged,  // What is there is not what was written.
};

std::string EncodeSegmentHeader(const SegmentHeader& header);

struct DecodedHeader {
  DecodeFault fault = DecodeFault::kNone;
  size_t size_bytes = 0;  // Where the first record begins.
  SegmentHeader header;
};

// The header at the beginning of `bytes`.
DecodedHeader DecodeSegmentHeader(absl::string_view bytes);

std::string EncodeRecord(uint64_t sequence, absl::string_view batch,
                         absl::Span<const StateChange> changes);

struct DecodedRecord {
  DecodeFault fault = DecodeFault::kNone;
  size_t size_bytes = 0;  // Where the next record begins.
  SegmentRecord record;   // Its batch points into the bytes.
};

// The record at the beginning of `bytes`, which are not empty.
DecodedRecord DecodeRecord(absl::string_view bytes);

}  // namespace ora::collector
