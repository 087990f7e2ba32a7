// What the store knows of one partition without looking into it.
#pragma once

#include <cstdint>
#include <roaring/roaring.hh>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "storage/rocks/keys.h"

namespace ora::storage {

// Durable as the row `partition/NAME` of the family `meta`.
struct PartitionContents {
  uint64_t samples = 0;         // Of raw partitions.
  uint64_t bytes = 0;           // Keys and values.
  uint32_t sealings = 0;        // Since the last merge of all young rows.
  uint32_t merged_through = 0;  // Rows of this sealing and older ones are merged.
  Roaring ids;                  // Series that have rows.
  Roaring young;                // Of these, those with rows that no merge has seen.
  Roaring changed;              // Of these, those whose tiers do not know all samples.

  // Rows of a sealing were added for these series.
  void Add(const Roaring& sealed, uint64_t samples_added, uint64_t bytes_added);
};

std::string EncodePartitionRecord(const PartitionContents& contents);

// DATA_LOSS: damaged. FAILED_PRECONDITION: a newer program wrote it. Any bytes are safe to pass.
absl::StatusOr<PartitionContents> DecodePartitionRecord(absl::string_view record);

}  // namespace ora::storage
