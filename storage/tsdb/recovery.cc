#include "storage/tsdb/recovery.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/series_record.h"

namespace ora::storage {
namespace {

// Drops the samples of series whose records are lost; returns how many.
uint64_t DropUnknownSeries(const SeriesIndex& index, std::vector<WriteBlock>& blocks) {
  uint64_t dropped = 0;
  for (WriteBlock& block : blocks) {
    size_t kept = 0;
    for (size_t i = 0; i < block.series.size(); ++i) {
      if (!index.IsPublished(static_cast<SeriesId>(block.series[i]))) continue;
      block.series[kept] = block.series[i];
      block.values[kept] = block.values[i];
      ++kept;
    }
    dropped += block.series.size() - kept;
    block.series.resize(kept);
    block.values.resize(kept);
  }
  return dropped;
}

// What the disk will not give back ends the rows of a family early; the rest is served.
absl::Status EndOf(const RowCursor& rows, absl::string_view object, DamageLog& damage) {
  const absl::Status status = rows.status();
  if (!absl::IsDataLoss(status)) return status;
  damage.Report(object, status.message());
  return absl::OkStatus();
}

}  // namespace

absl::Status RecoverSeries(const Database& database, const ShardMeta& meta, DamageLog& damage,
                           SeriesIndex& index) {
  SeriesId id_next = meta.series_id_next;
  const std::unique_ptr<RowCursor> rows = database.Rows(Family::kSeries, nullptr);
  for (rows->Seek(""); rows->Valid(); rows->Next()) {
    const absl::optional<SeriesKey> key = SeriesKey::Decode(rows->key());
    if (!key) {
      damage.Report("series record", "its key has the wrong length");
      continue;
    }
    id_next = std::max(id_next, key->id + 1);
    const absl::StatusOr<Labels> labels = DecodeSeriesRecord(rows->value());
    absl::Status restored = labels.status();
    if (restored.ok()) restored = index.Restore({key->id, key->slot}, *labels);
    if (!restored.ok()) damage.Report(absl::StrCat("series ", key->id), restored.message());
  }
  index.SkipIdsBelow(id_next);
  return EndOf(*rows, "block of series records", damage);
}

absl::StatusOr<Recovered> RecoverOpenChunks(const Database& database, const SeriesIndex& index,
                                            const Watermark& watermark, DamageLog& damage,
                                            OpenChunks& open) {
  Recovered recovered;
  recovered.log_number_next = watermark.log_number + 1;
  const std::unique_ptr<RowCursor> rows = database.Rows(Family::kBatches, nullptr);
  for (rows->Seek(BatchKey{recovered.log_number_next}.Encode()); rows->Valid(); rows->Next()) {
    const absl::optional<BatchKey> key = BatchKey::Decode(rows->key());
    if (!key) {
      damage.Report("batch record", "its key has the wrong length");
      continue;
    }
    if (key->log_number > recovered.log_number_next) {
      damage.ReportMissing("batch records", key->log_number - recovered.log_number_next);
    }
    recovered.log_number_next = key->log_number + 1;
    absl::StatusOr<std::vector<WriteBlock>> blocks = DecodeBatchRecord(rows->value());
    const std::string object = absl::StrCat("batch record ", key->log_number);
    if (!blocks.ok()) {
      damage.Report(object, blocks.status().message());
      continue;
    }
    if (const uint64_t dropped = DropUnknownSeries(index, *blocks); dropped > 0) {
      damage.Report(object, absl::StrCat(dropped, " samples are of series whose record is lost"));
    }
    for (const WriteBlock& block : *blocks) recovered.samples += block.series.size();
    ++recovered.batches;
    open.Apply({{key->log_number, &*blocks}});
  }
  if (absl::Status end = EndOf(*rows, "block of batch records", damage); !end.ok()) return end;
  return recovered;
}

}  // namespace ora::storage
