// What a shard knows of itself: its format, epoch, and how far it is sealed.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/rocks/database.h"
#include "storage/rocks/keys.h"

namespace ora::storage {

// A shard of the store. One machine owns all of its shards; today there is one.
struct ShardId {
  uint32_t number = 0;
};

// Up to where batch records are sealed, and by which sealing.
struct Watermark {
  uint64_t log_number = 0;
  uint32_t seal_number = 0;
};

struct ShardMeta {
  uint64_t epoch = 0;  // One higher at each open: a later owner has the higher one.
  Watermark watermark;
  uint32_t seal_number_begun = 0;  // Of the newest sealing that was begun, done or not.
  SeriesId series_id_next = 1;     // No record has this id or a higher one.
  // A row was lost, or is an old one, and was made good from its mirror: so may other rows of
  // Family::kMeta be, which have none.
  bool was_damaged = false;

  // Reads it, or makes it for a new shard; bumps the epoch, durably. FAILED_PRECONDITION: a newer
  // program wrote the shard, or one before the first release. DATA_LOSS: one of its rows cannot be
  // read, nor can its mirror. Damage is told to `report`.
  static absl::StatusOr<ShardMeta> Open(Database& database, const DamageReport& report);
};

// The rows of a ShardMeta, put into changes that others become durable with.
void PutWatermark(DatabaseChanges& changes, const Watermark& watermark);
void PutSealBegun(DatabaseChanges& changes, uint32_t seal_number);
void PutSeriesIdNext(DatabaseChanges& changes, SeriesId id);

}  // namespace ora::storage
