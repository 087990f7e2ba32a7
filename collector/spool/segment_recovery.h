// What a segment file still holds after a restart.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "collector/spool/segment_format.h"
#include "storage/env/file_system.h"

namespace ora::collector {

// A segment as the spool knows it. Its records' sequences follow each other without a gap.
struct Segment {
  uint64_t number = 0;
  std::string path;
  uint64_t first_sequence = 0;  // Of the first record, also if there is none yet.
  uint64_t header_bytes = 0;
  std::vector<uint32_t> record_bytes;
  uint64_t size_bytes = 0;  // Of header and records.

  uint64_t end_sequence() const { return first_sequence + record_bytes.size(); }
};

struct RecoveredSegment {
  absl::optional<SegmentHeader> header;  // None: it is cut or damaged, and so all is lost.
  Segment segment;                       // Up to the first fault.
  DecodeFault fault = DecodeFault::kNone;
  uint64_t lost_bytes = 0;  // From the first fault on.
  // The state after the last good record.
  std::map<std::string, std::string> state;
};

// Reads the file whole. `number` and `path` are taken over. Errors of the file system as they are.
absl::StatusOr<RecoveredSegment> RecoverSegment(uint64_t number, const std::string& path,
                                                storage::FileSystem& files);

// The same for bytes in memory.
RecoveredSegment RecoverSegmentBytes(absl::string_view bytes);

void ApplyChanges(absl::Span<const StateChange> changes, std::map<std::string, std::string>& state);

}  // namespace ora::collector
