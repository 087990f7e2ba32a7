#include "storage/tsdb/shard_meta.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/rocks/record_bytes.h"

namespace ora::storage {
namespace {

constexpr uint64_t kFormat = 2;
constexpr absl::string_view kFormatKey = "format";
constexpr absl::string_view kEpochKey = "epoch";
constexpr absl::string_view kWatermarkKey = "watermark";
constexpr absl::string_view kSealBegunKey = "seal_begun";
constexpr absl::string_view kSeriesIdNextKey = "series_id_next";

using Pair = std::array<uint64_t, 2>;

std::string EncodePair(uint64_t first, uint64_t second) {
  RecordWriter writer;
  writer.Varint(first);
  writer.Varint(second);
  return std::move(writer).Finish();
}

absl::StatusOr<Pair> DecodePair(absl::string_view record) {
  absl::StatusOr<RecordReader> reader = RecordReader::Open(record);
  if (!reader.ok()) return reader.status();
  const absl::optional<uint64_t> first = reader->Varint();
  const absl::optional<uint64_t> second = reader->Varint();
  if (!first || !second) return absl::DataLossError("record ends within its numbers");
  return Pair{*first, *second};
}

// Zeros if there is no such row.
absl::StatusOr<Pair> ReadPair(const Database& database, Family family, absl::string_view key) {
  const absl::StatusOr<absl::optional<std::string>> row = database.Get(family, key);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return Pair{};
  absl::StatusOr<Pair> pair = DecodePair(**row);
  if (!pair.ok()) {
    return absl::Status(pair.status().code(),
                        absl::StrCat("shard's ", key, ": ", pair.status().message()));
  }
  return pair;
}

// Each row is in two families, and so in two files. Their numbers never go down, so of two that
// differ the higher one is the newer.
class MirroredRows {
 public:
  MirroredRows(const Database& database, const DamageReport& report)
      : database_(database), report_(report) {}

  absl::StatusOr<Pair> Read(absl::string_view key) {
    absl::StatusOr<Pair> row = ReadPair(database_, Family::kMeta, key);
    const absl::StatusOr<Pair> mirror = ReadPair(database_, Family::kMirror, key);
    const bool row_is_lost = absl::IsDataLoss(row.status());
    const bool mirror_is_lost = absl::IsDataLoss(mirror.status());
    if (!row.ok() && (!row_is_lost || mirror_is_lost)) return row;
    if (!mirror.ok() && !mirror_is_lost) return mirror;
    if (row.ok() && mirror.ok() && *row == *mirror) return row;
    was_damaged_ = true;
    const absl::string_view reason = row_is_lost      ? row.status().message()
                                     : mirror_is_lost ? mirror.status().message()
                                                      : "it differs from its mirror";
    report_(absl::StrCat("shard's ", key),
            absl::StrCat(reason, "; it is in two files, and nothing is lost"));
    if (row_is_lost || (mirror.ok() && *row < *mirror)) return mirror;
    return row;
  }

  bool was_damaged() const { return was_damaged_; }

 private:
  const Database& database_;
  const DamageReport& report_;
  bool was_damaged_ = false;
};

void PutMirrored(DatabaseChanges& changes, absl::string_view key, const std::string& record) {
  changes.Put(Family::kMeta, key, record);
  changes.Put(Family::kMirror, key, record);
}

// Format 1 was that of programs before the first release.
absl::Status CheckFormat(uint64_t format) {
  if (format > kFormat) {
    return absl::FailedPreconditionError(absl::StrCat("store has format ", format,
                                                      ", this program reads ", kFormat,
                                                      "; use the program that wrote it"));
  }
  if (format != 0 && format < kFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat("store has format ", format, ", which was never released; this program reads ",
                     kFormat, "; remove the directory, or name another one"));
  }
  return absl::OkStatus();
}

}  // namespace

void PutWatermark(DatabaseChanges& changes, const Watermark& watermark) {
  PutMirrored(changes, kWatermarkKey, EncodePair(watermark.log_number, watermark.seal_number));
}

void PutSealBegun(DatabaseChanges& changes, uint32_t seal_number) {
  PutMirrored(changes, kSealBegunKey, EncodePair(seal_number, 0));
}

void PutSeriesIdNext(DatabaseChanges& changes, SeriesId id) {
  PutMirrored(changes, kSeriesIdNextKey, EncodePair(id, 0));
}

absl::StatusOr<ShardMeta> ShardMeta::Open(Database& database, const DamageReport& report) {
  MirroredRows rows(database, report);
  const absl::StatusOr<Pair> format = rows.Read(kFormatKey);
  if (!format.ok()) return format.status();
  if (absl::Status known = CheckFormat((*format)[0]); !known.ok()) return known;
  ShardMeta meta;
  const absl::StatusOr<Pair> epoch = rows.Read(kEpochKey);
  if (!epoch.ok()) return epoch.status();
  meta.epoch = (*epoch)[0] + 1;
  const absl::StatusOr<Pair> watermark = rows.Read(kWatermarkKey);
  if (!watermark.ok()) return watermark.status();
  meta.watermark = {(*watermark)[0], static_cast<uint32_t>((*watermark)[1])};
  const absl::StatusOr<Pair> begun = rows.Read(kSealBegunKey);
  if (!begun.ok()) return begun.status();
  meta.seal_number_begun = std::max(static_cast<uint32_t>((*begun)[0]), meta.watermark.seal_number);
  const absl::StatusOr<Pair> next_id = rows.Read(kSeriesIdNextKey);
  if (!next_id.ok()) return next_id.status();
  meta.series_id_next = std::max<SeriesId>(1, static_cast<SeriesId>((*next_id)[0]));
  meta.was_damaged = rows.was_damaged();

  DatabaseChanges changes(database);
  PutMirrored(changes, kFormatKey, EncodePair(kFormat, 0));
  PutMirrored(changes, kEpochKey, EncodePair(meta.epoch, 0));
  if (meta.was_damaged) {
    PutWatermark(changes, meta.watermark);
    PutSealBegun(changes, meta.seal_number_begun);
    PutSeriesIdNext(changes, meta.series_id_next);
  }
  if (absl::Status written = database.Write(std::move(changes), Durability::kSynced);
      !written.ok()) {
    return written;
  }
  return meta;
}

}  // namespace ora::storage
