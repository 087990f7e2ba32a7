// What one commit makes durable of its batches, as one record: the marks of their senders and the
// samples. Recovery replays it until the samples are sealed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "storage/rocks/keys.h"
#include "storage/series_writer.h"

namespace ora::storage {

// The newest sequence of a sender in a commit.
struct BatchMark {
  absl::string_view key;  // An encoded MarkKey.
  uint64_t sequence = 0;
};

// Values at one time of series whose ids follow one another.
struct SampleRun {
  SeriesId first = 0;
  uint32_t count = 0;  // At least one; the last id is a SeriesId still.
  int64_t time_millis = 0;
  const char* values = nullptr;  // `count` doubles, at any address.
};

// A record that was checked. A view: the record's bytes must outlive it.
class BatchRecord {
 public:
  // Checks the frame and the whole structure, and keeps nothing beside the view. DATA_LOSS:
  // damaged. FAILED_PRECONDITION: written by a newer program.
  static absl::StatusOr<BatchRecord> Parse(absl::string_view record);

  // In the order in which they were put.
  void ForEachMark(absl::FunctionRef<void(const BatchMark& mark)> visit) const;
  void ForEachRun(absl::FunctionRef<void(const SampleRun& run)> visit) const;

  uint64_t samples() const { return samples_; }
  absl::string_view bytes() const { return bytes_; }

 private:
  friend class BatchRecordEncoder;

  BatchRecord() = default;

  absl::string_view bytes_;
  absl::string_view marks_;   // Of the record's payload.
  absl::string_view blocks_;  // The rest of it.
  uint64_t samples_ = 0;
};

// Encodes one record after the other into the same memory.
class BatchRecordEncoder {
 public:
  // All marks and blocks of a commit. Every series is a SeriesId, every block has as many values as
  // series; blocks without a series are left out. The result is valid until the next call.
  BatchRecord Encode(absl::Span<const BatchMark> marks,
                     absl::Span<const std::vector<WriteBlock>* const> batches);

 private:
  std::string buffer_;
};

}  // namespace ora::storage
