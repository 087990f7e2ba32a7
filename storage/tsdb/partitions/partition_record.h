// What the store knows of one partition without looking into it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <roaring/roaring.hh>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/rocks/keys.h"

namespace ora::storage {

// What rows add up to.
struct RowTotals {
  uint64_t rows = 0;
  uint64_t samples = 0;
  uint64_t bytes = 0;  // Keys and values.
};

// Durable as the row `partition/NAME` of the family `meta`.
struct PartitionContents {
  uint64_t samples = 0;         // Of raw partitions.
  uint64_t bytes = 0;           // Keys and values.
  uint32_t sealings = 0;        // Since the last merge of all young rows.
  uint32_t merged_through = 0;  // Rows of this sealing and older ones are merged.
  // Rows that no merge has seen, and their samples. About so: a merge that a crash or an error cuts
  // short leaves them a little too low, until the next one ends.
  uint64_t young_rows = 0;
  uint64_t young_samples = 0;
  Roaring ids;      // Series that have rows.
  Roaring young;    // Of these, those with rows that no merge has seen.
  Roaring changed;  // Of these, those whose tiers do not know all samples.
  // Of raw partitions: no sample is later than so many milliseconds after the partition's start.
  // Readers of what is newest, which is open as a rule, then need not look into it.
  uint32_t last_offset_millis = 0;

  // Rows of a sealing were added for these series.
  void Add(const Roaring& sealed, const RowTotals& added);
  // Young rows of series were merged or removed; the sets say already which series are young.
  void TakeYoung(const RowTotals& gone);
  void SeeOffset(uint32_t offset_millis) {
    last_offset_millis = std::max(last_offset_millis, offset_millis);
  }
};

std::string EncodePartitionRecord(const PartitionContents& contents);

// DATA_LOSS: damaged. FAILED_PRECONDITION: a newer program wrote it. Any bytes are safe to pass.
absl::StatusOr<PartitionContents> DecodePartitionRecord(absl::string_view record);

}  // namespace ora::storage
