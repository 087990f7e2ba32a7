#include "storage/tsdb/recovery.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/rocks/batch_record.h"
#include "storage/rocks/series_record.h"

namespace ora::storage {
namespace {

// Which series are there, so that the index is not asked a sample.
std::vector<bool> KnownSeries(const SeriesIndex& index) {
  std::vector<bool> known(index.IdNext());
  for (SeriesId id = 1; id < known.size(); ++id) known[id] = index.IsPublished(id);
  return known;
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
                                            const ReplayTargets& targets) {
  Recovered recovered;
  recovered.log_number_next = watermark.log_number + 1;
  const std::vector<bool> known = KnownSeries(index);
  std::vector<Sender*> senders;
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
    const absl::StatusOr<BatchRecord> record = BatchRecord::Parse(rows->value());
    if (!record.ok()) {
      damage.Report(absl::StrCat("batch record ", key->log_number), record.status().message());
      continue;
    }
    senders.clear();
    record->ForEachMark(
        [&](const BatchMark& mark) { senders.push_back(targets.marks.Replay(mark)); });
    const uint64_t dropped =
        targets.open.ApplyKnown(key->log_number, *record, senders,
                                [&known](SeriesId id) { return id < known.size() && known[id]; });
    if (dropped > 0) {
      damage.Report(absl::StrCat("batch record ", key->log_number),
                    absl::StrCat(dropped, " samples are of series whose record is lost"));
    }
    recovered.samples += record->samples() - dropped;
    ++recovered.batches;
  }
  if (absl::Status end = EndOf(*rows, "block of batch records", damage); !end.ok()) return end;
  return recovered;
}

}  // namespace ora::storage
