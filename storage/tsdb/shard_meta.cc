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
absl::StatusOr<Pair> ReadPair(const Database& database, absl::string_view key) {
  const absl::StatusOr<absl::optional<std::string>> row = database.Get(Family::kMeta, key);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return Pair{};
  absl::StatusOr<Pair> pair = DecodePair(**row);
  if (!pair.ok()) {
    return absl::Status(pair.status().code(),
                        absl::StrCat("shard's ", key, ": ", pair.status().message()));
  }
  return pair;
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
  changes.Put(Family::kMeta, kWatermarkKey,
              EncodePair(watermark.log_number, watermark.seal_number));
}

void PutSealBegun(DatabaseChanges& changes, uint32_t seal_number) {
  changes.Put(Family::kMeta, kSealBegunKey, EncodePair(seal_number, 0));
}

void PutSeriesIdNext(DatabaseChanges& changes, SeriesId id) {
  changes.Put(Family::kMeta, kSeriesIdNextKey, EncodePair(id, 0));
}

absl::StatusOr<ShardMeta> ShardMeta::Open(Database& database) {
  const absl::StatusOr<Pair> format = ReadPair(database, kFormatKey);
  if (!format.ok()) return format.status();
  if (absl::Status known = CheckFormat((*format)[0]); !known.ok()) return known;
  ShardMeta meta;
  const absl::StatusOr<Pair> epoch = ReadPair(database, kEpochKey);
  if (!epoch.ok()) return epoch.status();
  meta.epoch = (*epoch)[0] + 1;
  const absl::StatusOr<Pair> watermark = ReadPair(database, kWatermarkKey);
  if (!watermark.ok()) return watermark.status();
  meta.watermark = {(*watermark)[0], static_cast<uint32_t>((*watermark)[1])};
  const absl::StatusOr<Pair> begun = ReadPair(database, kSealBegunKey);
  if (!begun.ok()) return begun.status();
  meta.seal_number_begun = std::max(static_cast<uint32_t>((*begun)[0]), meta.watermark.seal_number);
  const absl::StatusOr<Pair> next_id = ReadPair(database, kSeriesIdNextKey);
  if (!next_id.ok()) return next_id.status();
  meta.series_id_next = std::max<SeriesId>(1, static_cast<SeriesId>((*next_id)[0]));

  DatabaseChanges changes(database);
  changes.Put(Family::kMeta, kFormatKey, EncodePair(kFormat, 0));
  changes.Put(Family::kMeta, kEpochKey, EncodePair(meta.epoch, 0));
  if (absl::Status written = database.Write(std::move(changes), Durability::kSynced);
      !written.ok()) {
    return written;
  }
  return meta;
}

}  // namespace ora::storage
