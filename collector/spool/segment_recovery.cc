#include "collector/spool/segment_recovery.h"

#include <utility>

#include "proto/status/status_macros.h"

namespace ora::collector {
namespace {

// Above any segment that was ever written: the last record may pass segment_bytes_max by one batch
// and its state.
constexpr size_t kSegmentBytesMax = size_t{4} << 30;

}  // namespace

void ApplyChanges(absl::Span<const StateChange> changes,
                  std::map<std::string, std::string>& state) {
  for (const StateChange& change : changes) {
    if (change.value) {
      state[change.key] = *change.value;
    } else {
      state.erase(change.key);
    }
  }
}

RecoveredSegment RecoverSegmentBytes(absl::string_view bytes) {
  RecoveredSegment recovered;
  DecodedHeader header = DecodeSegmentHeader(bytes);
  if (header.fault != DecodeFault::kNone) {
    recovered.fault = header.fault;
    recovered.lost_bytes = bytes.size();
    return recovered;
  }
  Segment& segment = recovered.segment;
  segment.first_sequence = header.header.last_sequence + 1;
  segment.header_bytes = header.size_bytes;
  segment.size_bytes = header.size_bytes;
  recovered.state = header.header.state;
  recovered.header = std::move(header.header);
  while (segment.size_bytes < bytes.size()) {
    const DecodedRecord record = DecodeRecord(bytes.substr(segment.size_bytes));
    recovered.fault = record.fault;
    if (record.fault == DecodeFault::kNone && record.record.sequence != segment.end_sequence()) {
      recovered.fault = DecodeFault::kDamaged;
    }
    if (recovered.fault != DecodeFault::kNone) {
      recovered.lost_bytes = bytes.size() - segment.size_bytes;
      break;
    }
    ApplyChanges(record.record.changes, recovered.state);
    segment.record_bytes.push_back(static_cast<uint32_t>(record.size_bytes));
    segment.size_bytes += record.size_bytes;
  }
  return recovered;
}

absl::StatusOr<RecoveredSegment> RecoverSegment(uint64_t number, const std::string& path,
                                                storage::FileSystem& files) {
  std::string bytes;
  ORA_ASSIGN_OR_RETURN(bytes, files.ReadWhole(path, kSegmentBytesMax));
  RecoveredSegment recovered = RecoverSegmentBytes(bytes);
  if (recovered.header && recovered.header->segment != number) {
    // A file under another's name tells nothing that can be trusted.
    recovered = RecoveredSegment{.fault = DecodeFault::kDamaged, .lost_bytes = bytes.size()};
  }
  recovered.segment.number = number;
  recovered.segment.path = path;
  return recovered;
}

}  // namespace ora::collector
