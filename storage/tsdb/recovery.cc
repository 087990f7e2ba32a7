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

// A damaged block is left by trying the log numbers behind it: no more than this, so that a damaged
// file ends.
constexpr int kStepsOverDamageMax = 100'000;

// Takes batch records in the order of their numbers.
class Replay {
 public:
  Replay(const SeriesIndex& index, const Watermark& watermark, DamageLog& damage,
         const ReplayTargets& targets)
      : damage_(damage), targets_(targets), known_(KnownSeries(index)) {
    recovered_.log_number_next = watermark.log_number + 1;
  }

  void Row(absl::string_view row_key, absl::string_view value) {
    const absl::optional<BatchKey> key = BatchKey::Decode(row_key);
    if (!key) {
      damage_.Report("batch record", "its key has the wrong length");
      return;
    }
    if (key->log_number > recovered_.log_number_next) {
      damage_.ReportMissing("batch records", key->log_number - recovered_.log_number_next);
    }
    recovered_.log_number_next = key->log_number + 1;
    const absl::StatusOr<BatchRecord> record = BatchRecord::Parse(value);
    if (!record.ok()) {
      damage_.Report(absl::StrCat("batch record ", key->log_number), record.status().message());
      return;
    }
    senders_.clear();
    record->ForEachMark(
        [this](const BatchMark& mark) { senders_.push_back(targets_.marks.Replay(mark)); });
    const uint64_t dropped =
        targets_.open.ApplyKnown(key->log_number, *record, senders_,
                                 [this](SeriesId id) { return id < known_.size() && known_[id]; });
    if (dropped > 0) {
      damage_.Report(absl::StrCat("batch record ", key->log_number),
                     absl::StrCat(dropped, " samples are of series whose record is lost"));
    }
    recovered_.samples += record->samples() - dropped;
    ++recovered_.batches;
  }

  const Recovered& recovered() const { return recovered_; }

 private:
  DamageLog& damage_;
  const ReplayTargets targets_;
  const std::vector<bool> known_;
  std::vector<Sender*> senders_;
  Recovered recovered_;
};

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
  Replay replay(index, watermark, damage, targets);
  const std::unique_ptr<RowCursor> rows = database.Rows(Family::kBatches, nullptr);
  uint64_t from = watermark.log_number + 1;
  for (int steps = 0; steps < kStepsOverDamageMax; ++steps) {
    for (rows->Seek(BatchKey{from}.Encode()); rows->Valid(); rows->Next()) {
      replay.Row(rows->key(), rows->value());
    }
    const absl::Status end = rows->status();
    if (end.ok()) break;
    if (!absl::IsDataLoss(end)) return end;
    damage.Report(absl::StrCat("block of batch records from ", replay.recovered().log_number_next),
                  end.message());
    // The next record is in what cannot be read, and perhaps the one after it.
    from = std::max(from, replay.recovered().log_number_next) + 1;
  }
  Recovered recovered = replay.recovered();
  // A number that a damaged record may bear is not used again.
  recovered.log_number_next = std::max(recovered.log_number_next, from);
  return recovered;
}

}  // namespace ora::storage
