// Any bytes as a spool segment: what is recovered must add up, and come back from its own encoding.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "collector/spool/segment_format.h"
#include "collector/spool/segment_recovery.h"

namespace {

using ora::collector::DecodeFault;
using ora::collector::DecodeRecord;
using ora::collector::EncodeRecord;
using ora::collector::EncodeSegmentHeader;
using ora::collector::RecoveredSegment;
using ora::collector::RecoverSegmentBytes;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(bytes), size);
  const RecoveredSegment recovered = RecoverSegmentBytes(input);
  Require(recovered.segment.size_bytes + recovered.lost_bytes == size);
  Require((recovered.lost_bytes == 0) == (recovered.fault == DecodeFault::kNone) || size == 0);

  // The input as batch and state of a record of a sound segment.
  const std::string header =
      EncodeSegmentHeader({.segment = 1, .incarnation = 2, .last_sequence = 6, .state = {}});
  const std::string text(input.substr(0, size / 2));
  const std::string record = EncodeRecord(7, input, {{text, text}, {"gone", absl::nullopt}});
  const RecoveredSegment back = RecoverSegmentBytes(header + record);
  Require(back.fault == DecodeFault::kNone && back.segment.record_bytes.size() == 1);
  Require(back.state.size() == (text == "gone" ? 0 : 1));
  Require(DecodeRecord(record).record.batch == input);

  // Followed by the input itself, the record still stands.
  const RecoveredSegment followed = RecoverSegmentBytes(header + record + std::string(input));
  Require(!followed.segment.record_bytes.empty());

  // Cut anywhere, it is told as cut.
  const size_t cut = size % record.size();
  const RecoveredSegment torn = RecoverSegmentBytes(header + record.substr(0, cut));
  Require(torn.segment.record_bytes.empty());
  Require(torn.fault == (cut == 0 ? DecodeFault::kNone : DecodeFault::kCut));
  return 0;
}
